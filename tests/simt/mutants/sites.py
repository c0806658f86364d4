"""Finds what mutate.py deletes in the text of a kernel source: barriers, the commits and waits of
cp.async, and predicates. It reads text as clang-format leaves it, and knows no types.

A predicate is, in device code,
  - a comparison by <, <=, > or >=, other than the condition of a `for`;
  - a name, or its negation, that stands alone as the condition of an `if` or of ?:, or as an
    operand of && or || there;
  - the last argument of cp_async_4 and cp_async_16, false for zeros;
  - min(a, b) and max(a, b), of which either operand may be all that remains.
Deleted it is true, or false where it ends something: before return, continue and break, and where
?: would give a constant. Under a negation the other way round.

Device code are functions marked __device__ or __global__, and the constexpr functions of headers
that they call.
"""

import bisect
import dataclasses
import re

_HIDDEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_STATEMENT = re.compile(
    r"__sync(?:threads|warp)\(\w*\);|(?:ptx::)?cp_async_(?:commit|wait)(?:<[^;]*>)?\(\);")
_COMPARISON = re.compile(r"(?<=\s)(?:<=?|>=?)(?=\s)")
_COPY = re.compile(r"\bcp_async_(?:4|16)\(")
_BOUND = re.compile(r"(?<![\w:])(?:min|max)\((?!\))")
_NAME = re.compile(
    r"(?:\bif \(|\breturn |(?<!\w)\(|(?:&&|\|\||[?:]|(?<![=!<>])=)\s+)(!?(?!k[A-Z])[a-z_]\w*)"
    r"(?=\s*(?:&&|\|\||\?|\)))")
_LEFT_END = ("(", "[", "{", ",", ";", "?", ":", "=", "!", "&&", "||", "return", "==", "!=")
_RIGHT_END = (")", "]", "}", ",", ";", "?", ":", "&&", "||", "==", "!=")
_TOKEN = re.compile(r"&&|\|\||==|!=|<=|>=|->|::|\w+|\s+|.", re.DOTALL)
_CONSTANT = re.compile(r"-?[\d.]+[FU]*|\w*\{\}")
_OPEN, _CLOSE = "([{", ")]}"


@dataclasses.dataclass(frozen=True)
class Site:
    kind: str  # barrier, copy, predicate
    function: str
    deleted: str  # with " #2" behind it for the second such text of its function, and so on
    begin: int
    end: int
    replacement: str

    def applied_to(self, text):
        return text[:self.begin] + self.replacement + text[self.end:]


@dataclasses.dataclass(frozen=True)
class Function:
    name: str
    head: str
    begin: int  # of the body, behind its brace
    end: int


def hide(text):
    """The text with blanks for comments and strings, at the same offsets."""
    return _HIDDEN.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def closing(text, at):
    """The offset of the bracket that closes the one at `at`."""
    depth = 0
    for place in range(at, len(text)):
        if text[place] in _OPEN:
            depth += 1
        elif text[place] in _CLOSE:
            depth -= 1
            if depth == 0:
                return place
    raise ValueError(f"no bracket closes the one in: {text[at:at + 60]}")


def functions(text):
    """The functions with bodies that stand behind __device__, __global__ or constexpr."""
    found = []
    for match in re.finditer(r"\b(?:__device__|__global__|constexpr)\b", text):
        place, name = match.end(), ""
        while place < len(text) and text[place] not in "{;=":
            if text[place] == "(":
                before = re.search(r"(operator\[\]|\w+)(?:<[^<>()]*>)?\s*$", text[:place])
                name = before.group(1) if before else ""
                place = closing(text, place)
            place += 1
        is_new = not found or place + 1 != found[-1].begin
        if name and is_new and place < len(text) and text[place] == "{":
            found.append(Function(name, text[match.start():place], place + 1, closing(text, place)))
    return found


def device_functions(texts):
    """{path: functions} of device code in {path: hidden text}, and of what it calls."""
    everything = {path: functions(text) for path, text in texts.items()}
    wanted = {path: [one for one in all_of if re.search("__device__|__global__", one.head)]
              for path, all_of in everything.items()}
    bodies = [texts[path][one.begin:one.end] for path, some in wanted.items() for one in some]
    while bodies:
        called = set(re.findall(r"(\w+)(?:<[^<>()]*>)?\(", "\n".join(bodies)))
        bodies = []
        for path, all_of in everything.items():
            if path.endswith(".cu"):
                continue  # its constexpr functions choose grids
            for one in all_of:
                if one.name in called and one not in wanted[path]:
                    wanted[path].append(one)
                    bodies.append(texts[path][one.begin:one.end])
    return wanted


def _left(text, at, first):
    """Where the operand begins that ends before `at`, none before `first`."""
    tokens = [(match.start(), match.group()) for match in _TOKEN.finditer(text, first, at)]
    depth, begin = 0, at
    for place, token in reversed(tokens):
        if token in _CLOSE:
            depth += 1
        elif depth > 0:
            depth -= token in _OPEN
        elif token in _LEFT_END:
            break
        begin = place if not token.isspace() else begin
    return begin


def _right(text, at):
    """Where the operand ends that begins at `at`."""
    depth, end = 0, at
    for match in _TOKEN.finditer(text, at):
        token = match.group()
        if depth == 0 and token in _RIGHT_END:
            return end
        if token in _OPEN:
            depth += 1
        elif token in _CLOSE:
            depth -= 1
        end = match.end() if not token.isspace() else end
    return end


def _around(text, at, first):
    """The brackets that are open at `at`, innermost first, none before `first`."""
    depth = 0
    for place in range(at - 1, first - 1, -1):
        if text[place] in _CLOSE:
            depth += 1
        elif text[place] in _OPEN:
            depth -= 1
            if depth < 0:
                yield place
                depth = 0
        elif text[place] == ";" and depth == 0 and not _in_for(text, place, first):
            return


def _in_for(text, at, first):
    opened = text.rfind("for (", first, at)
    return opened >= 0 and closing(text, opened + 4) > at


def _answer(text, begin, end, first):
    """What the predicate text[begin:end] becomes, so that what it guards is done always."""
    deleted = True
    for bracket in _around(text, begin, first):
        if text[bracket] != "(":
            break
        behind = text[closing(text, bracket) + 1:].lstrip()
        if re.search(r"\b(?:if|while) $", text[:bracket]):
            return deleted != bool(re.match(r"return\b|continue\b|break\b", behind))
        if text[bracket - 1] == "!":
            deleted = not deleted
    rest = text[end:]
    chosen = re.match(r"(?:\s*(?:&&|\|\|)[^?;]*)?\)*\s*\?\s*([^:;]*?)\s*:[^:]", rest)
    if chosen and _CONSTANT.fullmatch(chosen.group(1)):
        return not deleted
    return deleted


def _is_condition(text, begin, end):
    before, behind = text[:begin].rstrip(), text[end:].lstrip()
    return (behind.startswith(("?", "&&", "||")) or before.endswith(("&&", "||"))
            or before.endswith("if (") and behind.startswith(")"))


def _predicate_spans(text, function):
    for match in _COMPARISON.finditer(text, function.begin, function.end):
        if not _in_for(text, match.start(), function.begin):
            yield _left(text, match.start(), function.begin), _right(text, match.end() + 1)
    for match in _NAME.finditer(text, function.begin, function.end):
        if _is_condition(text, *match.span(1)) and not _in_for(text, match.start(), function.begin):
            yield match.span(1)
    for match in _COPY.finditer(text, function.begin, function.end):
        end = closing(text, match.end() - 1)
        yield _left(text, end, match.end()), end


def _replacements(text, function):
    """(kind, begin, end, replacement) of everything that the function's body has."""
    for match in _STATEMENT.finditer(text, function.begin, function.end):
        kind = "barrier" if match.group().startswith("__sync") else "copy"
        yield kind, match.start(), match.end(), ";"
    for begin, end in _predicate_spans(text, function):
        answer = _is_argument(text, end, function) or _answer(text, begin, end, function.begin)
        yield "predicate", begin, end, "true" if answer else "false"
    for match in _BOUND.finditer(text, function.begin, function.end):
        end = closing(text, match.end() - 1)
        comma = _right(text, match.end())
        for operand in (text[match.end():comma], text[comma + 1:end].strip()):
            yield "predicate", match.start(), end + 1, f"({operand})"


def _is_argument(text, end, function):
    for bracket in _around(text, end, function.begin):
        return re.search(r"cp_async_(?:4|16)$", text[:bracket]) is not None
    return False


def sites_of(source, device):
    """The sites of a file in the functions `device`, by their place in it."""
    text = hide(source)
    raw = {}
    for function in device:
        for kind, begin, end, replacement in _replacements(text, function):
            inner = raw.get((begin, end, replacement))
            if inner is None or inner[1].begin < function.begin:  # the innermost function's
                raw[begin, end, replacement] = kind, function
    found, seen = [], {}
    for (begin, end, replacement), (kind, function) in sorted(
            raw.items(), key=lambda item: item[0][:2]):
        deleted = " ".join(source[begin:end].split())
        if replacement not in (";", "true", "false"):
            deleted = f"{deleted} to {replacement[1:-1]}"
        number = seen[function.name, deleted] = seen.get((function.name, deleted), 0) + 1
        found.append(Site(kind, function.name, deleted + (f" #{number}" if number > 1 else ""),
                          begin, end, replacement))
    return found


def line_of(text, offset):
    return bisect.bisect([match.end() for match in re.finditer("\n", text)], offset) + 1
