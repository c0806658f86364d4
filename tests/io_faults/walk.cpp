#include "tests/io_faults/walk.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "engine/support/error.hpp"

namespace allconv::io_faults {

namespace {

std::vector<int> errors_of(CallKind kind) {
  switch (kind) {
    case CallKind::open: return {EIO, EMFILE, ENOSPC, EACCES};
    case CallKind::write: return {ENOSPC, EIO, EDQUOT, EFBIG};
    case CallKind::sync:
    case CallKind::close: return {EIO, ENOSPC, EDQUOT};
    case CallKind::rename: return {EIO, ENOSPC, EACCES};
    case CallKind::unlink:
    case CallKind::examine: return {EIO, EACCES};
    case CallKind::lock: return {ENOLCK, EIO};
    case CallKind::make: return {ENOSPC};
    case CallKind::read:
    case CallKind::truncate:
    case CallKind::list: return {EIO};
  }
  return {};
}

bool is_interruptible(CallKind kind) {
  switch (kind) {
    case CallKind::open:
    case CallKind::read:
    case CallKind::write:
    case CallKind::sync:
    case CallKind::close:
    case CallKind::truncate:
    case CallKind::lock: return true;
    default: return false;
  }
}

// The calls of an undisturbed run.
std::vector<Call> calls_of(const Action& action) {
  action.prepare();
  begin(action.folder);
  action.run();
  std::vector<Call> calls = end();
  EXPECT_FALSE(calls.empty()) << "no call was counted";
  return calls;
}

Point point_at(const std::vector<Call>& calls, std::size_t at, const PossibleFault& possible) {
  return {.calls = {calls.begin(), calls.begin() + static_cast<std::ptrdiff_t>(at)},
          .possible = possible};
}

// The sentence of an Error{io}; empty when the action succeeds.
std::string sentence_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io) << error.what();
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "not an error of the contract: " << error.what();
    return error.what();
  }
  return "";
}

void run_point(const Action& action, const Point& point,
               const std::function<void(const Point&, const std::string&)>& check) {
  SCOPED_TRACE(point.text());
  action.prepare();
  begin(action.folder, static_cast<long>(point.calls.size()), point.possible.fault);
  const std::string sentence = sentence_of(action.run);
  const std::size_t made = end().size();
  EXPECT_GE(made, point.calls.size()) << "the call was not made this time";
  if (point.possible.invisible) {
    EXPECT_EQ(sentence, "");
  }
  if (!sentence.empty()) {
    EXPECT_NE(sentence.find(action.folder), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("; "), std::string::npos) << "no mend: " << sentence;
  }
  check(point, sentence);
}

// In a process of its own.
void run_to_death(const Action& action, const Point& point) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    begin(action.folder, static_cast<long>(point.calls.size()), point.possible.fault);
    action.run();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the call was not made";
}

}  // namespace

std::vector<PossibleFault> faults_of(CallKind kind) {
  std::vector<PossibleFault> faults;
  for (const int error : errors_of(kind)) {
    for (const bool for_good : {false, true}) {
      faults.push_back(
          {.fault = {.kind = Fault::Kind::error, .error = error, .for_good = for_good}});
    }
  }
  if (is_interruptible(kind))
    faults.push_back({.fault = {.kind = Fault::Kind::error, .error = EINTR}, .invisible = true});
  if (kind == CallKind::read || kind == CallKind::write) {
    faults.push_back({.fault = {.kind = Fault::Kind::half}, .invisible = true});
    faults.push_back({.fault = {.kind = Fault::Kind::half, .for_good = true}, .invisible = true});
  }
  return faults;
}

std::string Point::text() const {
  const Fault& fault = possible.fault;
  std::string what = "half";
  if (fault.kind == Fault::Kind::error) what = "error " + std::to_string(fault.error);
  if (fault.kind == Fault::Kind::kill) what = "kill";
  if (fault.kind == Fault::Kind::power_cut) what = "power cut";
  return "call " + std::to_string(calls.size()) + ", " + std::string(to_string(call().kind)) + " " +
         call().path + ": " + what + (fault.for_good ? " for good" : "");
}

void walk(const Action& action,
          const std::function<void(const Point&, const std::string& sentence)>& check) {
  const std::vector<Call> calls = calls_of(action);
  for (std::size_t at = 1; at <= calls.size(); ++at)
    for (const PossibleFault& possible : faults_of(calls[at - 1].kind))
      run_point(action, point_at(calls, at, possible), check);
}

void walk_deaths(const Action& action, Fault::Kind kind,
                 const std::function<void(const Point&)>& check) {
  const std::vector<Call> calls = calls_of(action);
  for (std::size_t at = 1; at <= calls.size(); ++at) {
    const Point point = point_at(calls, at, {.fault = {.kind = kind}});
    SCOPED_TRACE(point.text());
    action.prepare();
    run_to_death(action, point);
    check(point);
  }
}

}  // namespace allconv::io_faults
