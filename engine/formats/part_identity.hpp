// PartIdentity: what the rows of an unfinished file belong to. Only a run with the same identity
// may go on with it, or its rows would be of two kinds.
//
//     {"program": "0.1.0", "model": "44bc2cf5ad770999",
//      "inputs": {"count": "1000", "paths": "a3d5..."}, "flags": {"--top-k": "5", ...},
//      "device": "AMD EPYC 9654, avx512"}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace allconv {

struct PartIdentity {
  struct Flag {
    std::string name;   // as on the command line
    std::string value;  // resolved: what it means, not how it was written
  };

  std::string program;            // its version
  std::uint64_t model_hash = 0;   // hash_file() of the model
  std::uint64_t inputs = 0;       // their number, of all shards
  std::uint64_t inputs_hash = 0;  // of their paths in order, of all shards
  std::vector<Flag> flags = {};   // those that change rows
  std::string device = {};        // a note: another device may compute other last digits
};

// One line of JSON.
std::string to_json_line(const PartIdentity& identity);

struct IdentityComparison {
  std::vector<std::string> differences;  // "--top-k (was 5, is 3)"; empty: the same run
  std::string device;                    // of the run that wrote the text
};

// `text`: what to_json_line() made, once; `where` names the file in the Error{usage} that anything
// else gets.
IdentityComparison compare_identity(const PartIdentity& identity, std::string_view text,
                                    const std::string& where);

}  // namespace allconv
