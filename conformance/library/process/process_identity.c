/* Two processes: each end reports the process at the other end. */
#include "process_puppet.h"

NP_CASE("process-identity/id", np_pipe_peer_process_id, BOTH_ENDS, NP_OK,
        "Each end reports the process of the other end, not its own process.",
        "GetNamedPipeClientProcessId; museum X07") {
  world_process *puppet = puppet_start(f);
  uint32_t id = 0;

  puppet_meet(f, puppet);
  assert_np_ok(np_pipe_peer_process_id(f->end, &id));
  assert_int_equal(id, world_process_id(puppet));
  assert_int_not_equal(id, GetCurrentProcessId());
  puppet_order(puppet, "exit");
  puppet_end(puppet);
  id = 0;
  assert_np_ok(np_pipe_peer_process_id(f->end, &id));
  assert_int_not_equal(id, GetCurrentProcessId());
}

NP_CASE("process-identity/verify", np_client_open, END_CLIENT, NP_OK,
        "A client opens the server of the demanded process.",
        "GetNamedPipeServerProcessId; museum X05 X07") {
  world_process *puppet = puppet_start(f);

  f->client_options.verify_process_id = world_process_id(puppet);
  puppet_meet(f, puppet);
  puppet_order(puppet, "exit");
  puppet_end(puppet);
}

NP_CASE("process-identity/verify-squatter", np_client_open, END_CLIENT,
        ERROR_WRONG_TARGET_NAME,
        "A client demands its own process and finds another process at the "
        "name. The other process gets no byte.",
        "GetNamedPipeServerProcessId; museum X05") {
  world_process *puppet = puppet_start(f);

  server_quotas(f, PUPPET_QUOTA, PUPPET_QUOTA);
  puppet_tell(puppet, "open");
  f->client_options.verify_process_id = GetCurrentProcessId();
  assert_client_refused(f, ERROR_WRONG_TARGET_NAME);
  puppet_order(puppet, "exit");
  puppet_end(puppet);
}
