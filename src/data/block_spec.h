// The keys of [[modality]] that only pictures and series have.
#pragma once

#include "data/toml_section.h"
#include "polycause/study.h"

namespace polycause {

/// Reads kind and what belongs to it; keys of other kinds stay unread, so that they count as
/// unknown. Throws ConfigError with file and line.
void read_kind(TomlSection& section, SourceSpec& source);
void read_block_spec(TomlSection& section, SourceSpec& source);

}  // namespace polycause
