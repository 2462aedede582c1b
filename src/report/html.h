// Text made safe for the places of an HTML page.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace polycause {

/// For element content and quoted attributes. Bytes that are no UTF-8 become U+FFFD.
std::string html_text(std::string_view text);

/// JSON for the inside of a <script> element: ASCII only, no '<', '>' or '&'.
std::string script_json(const nlohmann::ordered_json& value);

/// What a browser without JavaScript shows: figures, warnings and the tables of edges.
std::string noscript_html(const nlohmann::ordered_json& page_data);

}  // namespace polycause
