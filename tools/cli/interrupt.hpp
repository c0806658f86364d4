// Ctrl-C and the like: a request that the work looks at between its steps.
#pragma once

namespace allconv::cli {

// SIGINT and SIGTERM set the request. Writing to a closed pipe, or beyond the limit of a file's
// size, becomes an error of that write rather than the program's death.
void install_signal_handlers();

bool interrupted();

}  // namespace allconv::cli
