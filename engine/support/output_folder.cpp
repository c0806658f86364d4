#include "engine/support/output_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "engine/support/file_descriptor.hpp"

namespace allconv {

void prepare_output_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0777) < 0 && errno != EEXIST)
    throw_system_error("cannot make the folder", folder, errno);
  static_cast<void>(open_folder(folder));  // refuses a file of that name
  if (::access(folder.c_str(), W_OK | X_OK) < 0)
    throw_system_error("cannot write into the folder", folder, errno);
}

}  // namespace allconv
