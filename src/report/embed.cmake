# cmake -DINPUT=... -DOUTPUT=... -P embed.cmake: a C++ source that holds the text of INPUT in pieces, each
# below the length that every compiler takes for one literal.
file(READ "${INPUT}" text)
string(FIND "${text}" ")~polycause\"" clash)
if(NOT clash EQUAL -1)
  message(FATAL_ERROR "${INPUT}: holds the end mark of the literal; expected a text without it")
endif()
string(LENGTH "${text}" length)
set(piece 32000)
set(pieces "")
set(count 0)
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} ${piece} part)
  string(APPEND pieces "    R\"~polycause(${part})~polycause\",\n")
  math(EXPR at "${at} + ${piece}")
  math(EXPR count "${count} + 1")
endwhile()
file(WRITE "${OUTPUT}" "#include \"report/report_template.h\"

namespace polycause {

const std::string_view kReportTemplate[] = {
${pieces}};
const std::size_t kReportTemplatePieces = ${count};

}  // namespace polycause
")
