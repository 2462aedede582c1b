# Installs the build tree BUILD into a fresh prefix, then configures, builds and runs this folder's
# project and the examples against it. Variables: BUILD, SOURCE (this folder), WORK (scratch), CXX (compiler).
function(step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "failed (${code}): ${command}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
step(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
function(build folder to)
  step(${CMAKE_COMMAND} -S ${folder} -B ${to} -G Ninja -DCMAKE_BUILD_TYPE=Release
       -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_PREFIX_PATH=${WORK}/prefix)
  step(${CMAKE_COMMAND} --build ${to})
endfunction()
build(${SOURCE} ${WORK}/build)
step(${WORK}/build/consumer)
build(${SOURCE}/../../examples ${WORK}/examples)
step(${WORK}/examples/simulate_fit ${WORK}/study)
step(${WORK}/prefix/bin/polycause --version)
file(REMOVE_RECURSE ${WORK})
