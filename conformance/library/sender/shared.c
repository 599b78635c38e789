/* Shared messages. */
#include "library/fixture.h"

NP_CASE("shared/create", np_shared_create, NO_MODE, NP_OK,
        "A shared message has a copy of the data, or bytes for the caller to "
        "set.",
        "npipe/shared.h") {
  const np_allocator allocator = allocator_of(f);
  np_shared *shared = NULL;

  assert_np_ok(np_shared_create(&allocator, "abc", 3, &shared));
  assert_memory_equal(np_shared_data(shared), "abc", 3);
  np_shared_release(shared);
  assert_np_ok(np_shared_create(&allocator, NULL, 5, &shared));
  memcpy(np_shared_data(shared), "hello", 5);
  assert_int_equal(np_shared_length(shared), 5);
  np_shared_release(shared);
  assert_np_ok(np_shared_create(NULL, NULL, 0, &shared));
  np_shared_release(shared);
}

NP_CASE("shared/parameters", np_shared_create, NO_MODE, ERROR_INVALID_PARAMETER,
        "A NULL and half an allocator are refused.", "npipe/shared.h") {
  np_allocator allocator = allocator_of(f);
  np_shared *shared = NULL;

  allocator.release = NULL;
  assert_invalid(np_shared_create(&allocator, "abc", 3, &shared));
  assert_invalid(np_shared_create(NULL, "abc", 3, NULL));
  assert_null(shared);
}

NP_CASE("shared/too-long", np_shared_create, NO_MODE, ERROR_BUFFER_OVERFLOW,
        "A length that no write can have is refused.", "npipe/shared.h") {
  np_shared *shared = NULL;

  assert_np_error(np_shared_create(NULL, NULL, UINT32_MAX, &shared),
                  ERROR_BUFFER_OVERFLOW);
  assert_np_error(np_shared_create(NULL, NULL, SIZE_MAX, &shared),
                  ERROR_BUFFER_OVERFLOW);
}

NP_CASE("shared/no-memory", np_shared_create, NO_MODE, ERROR_NOT_ENOUGH_MEMORY,
        "Without memory nothing is created.", "npipe/shared.h") {
  const np_allocator allocator = allocator_of(f);
  np_shared *shared = NULL;

  f->allocator.is_out = true;
  assert_np_error(np_shared_create(&allocator, "abc", 3, &shared),
                  ERROR_NOT_ENOUGH_MEMORY);
  assert_null(shared);
}

NP_CASE("shared/data", np_shared_data, NO_MODE, NP_OK, "NULL has no bytes.",
        "npipe/shared.h") {
  assert_null(np_shared_data(NULL));
}

NP_CASE("shared/length", np_shared_length, NO_MODE, NP_OK,
        "NULL has the length 0.", "npipe/shared.h") {
  assert_int_equal(np_shared_length(NULL), 0);
}

NP_CASE("shared/retain", np_shared_retain, NO_MODE, NP_OK,
        "Each count keeps the message.", "npipe/shared.h") {
  const np_allocator allocator = allocator_of(f);
  np_shared *shared = NULL;
  const size_t live = f->allocator.live;

  assert_np_ok(np_shared_create(&allocator, "abc", 3, &shared));
  assert_ptr_equal(np_shared_retain(shared), shared);
  assert_null(np_shared_retain(NULL));
  np_shared_release(shared);
  assert_memory_equal(np_shared_data(shared), "abc", 3);
  np_shared_release(shared);
  assert_int_equal(f->allocator.live, live);
}

NP_CASE("shared/release", np_shared_release, NO_MODE, NP_OK, "NULL is ignored.",
        "npipe/shared.h") {
  np_shared_release(NULL);
}
