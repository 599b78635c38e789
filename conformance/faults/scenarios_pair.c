/* Scenarios of pairs: with and without a name. */
#include "run.h"

static bool pair_plays(struct run *r, np_mode mode) {
  np_pair_options options;
  HANDLE peer = NULL;

  np_pair_options_init(&options);
  options.mode = mode;
  options.read_mode = mode;
  options.inheritable = true;
  STEP(took(r, "np_pipe_pair",
            np_pipe_pair(r->loop, &options, &r->server, &peer)));
  pipe_keep(r, r->server);
  raw_keep(r, peer);
  return raw_write(r, peer, "to the loop") &&
         ends_with(read_begin(r, r->server, 64), NP_OK, "to the loop") &&
         ends(write_begin(r, r->server, "to the peer", 11), NP_OK, 11) &&
         raw_read(r, peer, "to the peer") && raw_close(r, peer) &&
         ends(read_begin(r, r->server, 16), ERROR_BROKEN_PIPE, 0);
}

SCENARIO(pair_nameless, "pair/without-a-name", MAKES_PAIR) {
  return pair_plays(r, NP_BYTE);
}

SCENARIO(pair_named, "pair/with-a-name", MAKES_PAIR | NO_NAMELESS) {
  return pair_plays(r, NP_MESSAGE);
}
