# The canaries: for each target a copy of the library's source with one bug in
# it, made at build time, so that it can be seen that the target finds bugs. Each
# is a file, a place in it, and what stands there instead. A place that is not
# there just once ends the build: then the canary is to be written anew.

function(fuzz_canary name file good bad)
  file(READ "${PROJECT_SOURCE_DIR}/src/${file}" text)
  string(FIND "${text}" "${good}" first)
  string(FIND "${text}" "${good}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "fuzz/canary.cmake: src/${file} has not just once: "
      "${good}")
  endif()
  string(REPLACE "${good}" "${bad}" text "${text}")
  set(copy "${CMAKE_CURRENT_BINARY_DIR}/canary/${name}/${file}")
  file(CONFIGURE OUTPUT "${copy}" CONTENT "${text}" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    "${PROJECT_SOURCE_DIR}/src/${file}")
  fuzz_target(npipe-fuzz-${name}-canary ${name} "${copy}")
  target_include_directories(npipe-fuzz-${name}-canary PRIVATE
    "${PROJECT_SOURCE_DIR}/src")
endfunction()

# A frame may end inside of its own header.
fuzz_canary(frame_decode frame.c
  "length < layout->kept_bytes"
  "length + 1 < layout->kept_bytes")
# A length field is filled in the wrong order where it has two bytes.
fuzz_canary(frame_round_trip framing.c
  "header[field_at(options, n)] ="
  "header[options->field_bytes == 2 ? options->field_offset + n : field_at(options, n)] =")
# The end of a message is lost where the read-ahead caught more than was asked.
fuzz_canary(message_reassembly ahead.c
  "return reads_messages(ahead) ? ERROR_MORE_DATA : NP_OK;"
  "return NP_OK;")
# Half of a surrogate pair is taken for a character.
fuzz_canary(names_options utf16.c
  "(value >= 0xD800 && value <= 0xDFFF)"
  "(value >= 0xD800 && value <= 0xDBFF)")
# A read takes its data from memory that was freed.
fuzz_canary(raw_peer vector.c
  "np__parts_put(&parts, s->buffers + s->count,"
  "free_memory(op);
  np__parts_put(&parts, s->buffers + s->count,")
# A second connect begins while one is in flight.
fuzz_canary(api server.c
  "if (connect_of(server) != NULL) {"
  "if (connect_of(server) == op) {")
# A longer message is lent from its second byte on.
fuzz_canary(channel channel_receive.c
  "was_delivered ? channel->delivered_data : NULL"
  "was_delivered ? (char *)channel->delivered_data + (transferred > 40) : NULL")
