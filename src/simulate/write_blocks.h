// Files of simulated pictures and recordings.
#pragma once

#include <cstddef>
#include <string>

#include "polycause/simulate.h"

namespace polycause::simulation {

/// Writes the files of one modality into `directory`, a batch of participants at a time: an array
/// (.npy, uint8 for pictures and float32 for recordings), a long table (.csv: sample_id, time in
/// seconds, channels) or a directory of PNG files; and the list of ids where it has a name.
/// `threads` changes no byte. Throws Error when a file cannot be written.
void write_blocks(const SimulatedBlocks& blocks, const std::string& directory, std::size_t threads);

/// Header of a .npy file, version 1, of rows in C order; `type` e.g. "|u1", "<f4".
std::string npy_header(const std::string& type, const std::vector<std::size_t>& shape);

}  // namespace polycause::simulation
