"""A light reader of C++ and CUDA sources: comments, tokens, and the functions they make.

It knows no types and expands no macros; it follows brackets and statements, which is enough to
measure lengths, parameters and nesting of code that compiles.
"""

import bisect
import dataclasses
import re

_LEXEME = re.compile(r"""
    (?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
  | (?P<raw>(?:u8|u|U|L)?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")
  | (?P<string>(?:u8|u|U|L)?"(?:\\.|[^"\\\n])*")
  | (?P<char>(?:u8|u|U|L)?'(?:\\.|[^'\\\n])+')
  | (?P<directive>^[ \t]*\#(?:\\\n|/\*.*?\*/|(?!//)[^\n])*)
  | (?P<number>\.?\d(?:[eEpP][+-]|'(?=\w)|[\w.])*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<sign>::|->\*?|\[\[|\]\]|<=>|[-+*/%&|^!=<>]=|\S)
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

_CLOSER = {"(": ")", "[": "]", "[[": "]]", "{": "}"}
_NOT_A_DECLARATOR = {"alignas", "decltype", "requires", "noexcept", "explicit", "if", "sizeof",
                     "__launch_bounds__", "__attribute__", "static_assert"}


@dataclasses.dataclass(frozen=True)
class Token:
    kind: str
    text: str
    line: int


@dataclasses.dataclass
class Function:
    name: str
    line: int  # of the first token of its head
    lines: int
    parameters: int
    nesting: int  # of control statements and lambdas


class Source:
    """One file: its lines, its comments and directives (with line numbers), its tokens."""

    def __init__(self, text):
        self.lines = text.split("\n")
        if self.lines and not self.lines[-1]:
            self.lines.pop()
        starts = [match.end() for match in re.finditer(r"\n", text)]
        self.comments = []
        self.directives = []
        self.tokens = []
        for match in _LEXEME.finditer(text):
            token = Token(match.lastgroup, match.group(), bisect.bisect(starts, match.start()) + 1)
            if match.group("raw"):
                token = Token("string", match.group(), token.line)
            if token.kind == "comment":
                self.comments.append(token)
            elif token.kind == "directive":
                self.directives.append(token)
            else:
                self.tokens.append(token)

    def comment_lines(self):
        """The numbers of the lines that hold a comment or a part of one."""
        return {token.line + offset for token in self.comments
                for offset in range(token.text.count("\n") + 1)}

    def includes(self):
        """The quoted includes, as written."""
        matches = (re.match(r'\s*#\s*include\s*"([^"]+)"', token.text) for token in self.directives)
        return [match.group(1) for match in matches if match]

    def functions(self):
        return _FunctionReader(self.tokens).read()


class _FunctionReader:
    def __init__(self, tokens):
        self._tokens = tokens
        self._functions = []

    def read(self):
        self._scope(0)
        return self._functions

    def _text(self, at):
        return self._tokens[at].text if at < len(self._tokens) else ""

    def _after_brackets(self, at):
        """The index after the bracket that closes the one at `at`."""
        opener, depth = self._text(at), 0
        closer = _CLOSER[opener]
        while at < len(self._tokens):
            if self._text(at) == opener:
                depth += 1
            elif self._text(at) == closer:
                depth -= 1
                if depth == 0:
                    return at + 1
            at += 1
        return at

    def _after_angles(self, at):
        """The index after the `>` that closes the `<` at `at`, or at + 1 where none does."""
        depth, start = 0, at
        while at < len(self._tokens):
            text = self._text(at)
            if text in _CLOSER:
                at = self._after_brackets(at)
                continue
            depth += {"<": 1, ">": -1}.get(text, 0)
            at += 1
            if depth == 0:
                return at
            if text in ";}":
                break
        return start + 1

    def _scope(self, at):
        """Reads declarations up to the brace that closes the scope; returns the index after it."""
        head = at
        while at < len(self._tokens):
            text = self._text(at)
            if text == "}":
                return at + 1
            is_access = text == ":" and self._text(at - 1) in ("public", "private", "protected")
            if text == ";" or is_access:
                at += 1
                head = at
            elif text == "template" and self._text(at + 1) == "<":
                at = self._after_angles(at + 1)
            elif text == "{":
                at, ended = self._braces(head, at)
                head = at if ended else head
            elif text in _CLOSER:
                at = self._after_brackets(at)
            else:
                at += 1
        return at

    def _braces(self, head, at):
        """Reads what the brace at `at` opens; says whether its declaration ends with it."""
        top = self._top_level(head, at)
        words = [self._text(index) for index in top]
        if "namespace" in words or words[:1] == ["extern"] and len(words) == 2:
            return self._scope(at + 1), True
        declarator = self._declarator(top, at)
        if declarator is None:
            if "enum" not in words and {"class", "struct", "union"} & set(words):
                return self._scope(at + 1), False
            return self._after_brackets(at), False
        in_initialisers = ":" in words[top.index(declarator):] if declarator in top else False
        if in_initialisers and (self._tokens[at - 1].kind == "word" or self._text(at - 1) == ">"):
            return self._after_brackets(at), False
        end, nesting = self._statement(at, 0)
        while self._text(end) == "catch":
            end, inner = self._statement(self._after_brackets(end + 1), 0)
            nesting = max(nesting, inner)
        first, last = self._tokens[head].line, self._tokens[end - 1].line
        self._functions.append(Function(
            self._name(declarator), first, last - first + 1, self._parameters(declarator), nesting))
        return end, True

    def _top_level(self, head, end):
        """Indices of the tokens in [head, end) outside brackets and template parameter lists."""
        indices, at = [], head
        while at < end:
            if self._text(at) == "template" and self._text(at + 1) == "<":
                at = self._after_angles(at + 1)
                continue
            indices.append(at)
            at = self._after_brackets(at) if self._text(at) in _CLOSER else at + 1
        return indices

    def _declarator(self, top, end):
        """The index of the parenthesis that opens a function's parameters; None for other heads."""
        for position, at in enumerate(top):
            text = self._text(at)
            is_operator = position > 0 and self._text(top[position - 1]) == "operator"
            if text == "=" and not is_operator:
                return None
            if text != "(" or position == 0:
                continue
            if is_operator and self._text(at + 1) == ")" and self._text(at + 2) == "(":
                return at + 2
            before = self._tokens[top[position - 1]]
            names = before.kind == "word" and before.text not in _NOT_A_DECLARATOR
            near = [self._text(index) for index in top[max(0, position - 4):position]]
            symbol = "operator" in near
            if names or symbol or before.text == ">":
                return at
        return None

    def _name(self, declarator):
        at = declarator - 1
        if self._text(at) == ">":
            while at > 0 and self._text(at) != "<":
                at -= 1
            at -= 1
        name = self._text(at)
        while at >= 2 and self._text(at - 1) == "::":
            at -= 2
            name = self._text(at) + "::" + name
        for start in range(max(0, declarator - 4), declarator):
            if self._text(start) == "operator":
                return "".join(self._text(index) for index in range(start, declarator))
        return name

    def _parameters(self, declarator):
        """Counts the commas that stand in no inner bracket."""
        end = self._after_brackets(declarator) - 1
        if end == declarator + 1:
            return 0
        count, at = 1, declarator + 1
        while at < end:
            text = self._text(at)
            if text in _CLOSER:
                at = self._after_brackets(at)
            elif text == "<":
                at = self._after_angles(at)
            else:
                count += text == ","
                at += 1
        return count

    def _statement(self, at, depth):
        """Reads a statement at nesting `depth`; returns the index after it and its deepest."""
        text = self._text(at)
        if text == "{":
            return self._block(at, depth)
        if text in ("if", "for", "while", "switch", "catch"):
            while self._text(at) not in ("(", ""):
                at += 1
            condition = self._after_brackets(at)
            end, deepest = self._statement(condition, depth + 1)
            if text == "if" and self._text(end) == "else":
                follows = self._text(end + 1) == "if"
                end, other = self._statement(end + 1, depth if follows else depth + 1)
                deepest = max(deepest, other)
            return end, deepest
        if text in ("do", "try"):
            end, deepest = self._statement(at + 1, depth + 1)
            while self._text(end) == "catch":
                end, other = self._statement(self._after_brackets(end + 1), depth + 1)
                deepest = max(deepest, other)
            return (self._expression(end, depth)[0] if text == "do" else end), deepest
        return self._expression(at, depth)

    def _block(self, at, depth):
        at, deepest = at + 1, depth
        while at < len(self._tokens) and self._text(at) != "}":
            at, inner = self._statement(at, depth)
            deepest = max(deepest, inner)
        return at + 1, deepest

    def _expression(self, at, depth, closer=";"):
        """Reads to the semicolon, label colon or bracket that ends an expression."""
        deepest = depth
        is_label = self._text(at) in ("case", "default")
        while at < len(self._tokens) and self._text(at) != closer:
            text = self._text(at)
            if is_label and text == ":":
                return at + 1, deepest
            if text == "}":
                return at, deepest
            if text == "{" and self._opens_lambda(at):
                at, inner = self._block(at, depth + 1)
            elif text in _CLOSER:
                at, inner = self._expression(at + 1, depth, _CLOSER[text])
            else:
                at, inner = at + 1, depth
            deepest = max(deepest, inner)
        return at + 1, deepest

    def _opens_lambda(self, at):
        """Whether the brace follows `[..]` or `[..](..)` with specifiers and a result type."""
        steps = 0
        while at > 0 and steps < 40:
            at, steps = at - 1, steps + 1
            text = self._text(at)
            if text == "]":
                return True
            if text == ")":
                at = self._before_brackets(at)
                if self._text(at) == "]":
                    return True
                at += 1
            elif text in (";", "{", "}", ",", "=", "return", "("):
                return False
        return False

    def _before_brackets(self, at):
        depth = 0
        while at >= 0:
            depth += {")": 1, "(": -1}.get(self._text(at), 0)
            at -= 1
            if depth == 0:
                return at
        return at
