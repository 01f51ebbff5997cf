/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The DNIS switch (include/sriov/dnis.h): an application with numbered frames, a VF and a standby, a network
 * that sends to the port where it saw the address last, and a peer with numbered frames of its own. The VF is
 * taken away and comes back; what the application and the peer see must be as if nothing had happened.
 *
 * Settings: ORDERLY     the VF is asked for, as by a hot-removal request, and comes back
 *           LOST        the link of the VF fails at any moment, before, in or after a switch; it stays away
 * Planted bugs, each of which must be found:
 *           SB_LATE     the standby is started after the address was moved to it
 *           EAGER_TX    frames go to the standby while the VF still has some to send
 *           EAGER_RX    the standby's frames are delivered while the VF's ring still holds some
 *           RX_FIRST    the VF stops receiving before the address is moved
 *           NO_TAKE     what the VF has not sent in time is forgotten
 *           RESEND      what the VF may have sent when its link failed is sent again
 *
 * RUN ORDERLY: holds
 * RUN LOST: holds
 * RUN ORDERLY FRAMES=2: holds claim
 * RUN LOST FRAMES=2: holds claim
 * RUN ORDERLY SB_LATE: found
 * RUN ORDERLY EAGER_TX: found
 * RUN ORDERLY EAGER_RX: found
 * RUN ORDERLY RX_FIRST: found
 * RUN ORDERLY NO_TAKE: found
 * RUN LOST RESEND: found
 */
#ifndef FRAMES
#define FRAMES 3
#endif
#define RING 2
#define TURNS 2         /* of the application between two switches, at most */

#define VF 0
#define SB 1
#define OTHER(d) (1 - (d))

/* Per device: its rings, and what is on the way from the network to it. */
chan tx[2] = [RING] of { byte };
chan unsure[2] = [RING] of { byte };    /* sent, and the device has not said so yet */
chan rx[2] = [RING] of { byte };
chan cable[2] = [1] of { byte };
bool rx_on[2], carrier[2];
byte port = VF;                 /* where the network saw the address last */

chan back = [2 * RING] of { byte };     /* frames taken back from a device, to be sent by the other first */
byte sent;                      /* by the application: last number */
byte peer_got, peer_sent, app_got;
byte lost_tx, lost_rx;          /* that nobody will ever see */
byte in_doubt;                  /* what DNIS counts as perhaps lost */
byte in_use = VF;               /* the device that the application's frames go to */
bool gate = true;               /* they go anywhere */
bool done;                      /* no more switches */
bool failed;                    /* the link was lost */

#define IN_HAND(d) (len(tx[d]) + len(unsure[d]))

/* The peer takes a frame: never one twice, never an older one; a gap is a loss. */
inline peer_takes(n) {
	assert(n > peer_got);
	lost_tx = lost_tx + n - peer_got - 1;
	peer_got = n;
	assert(lost_tx <= in_doubt)     /* none that DNIS does not know of */
}

inline app_takes(n) {
	assert(n > app_got);
	/* But for what was on the way when the link failed. */
	assert(n == app_got + 1 || (failed && n - app_got - 1 <= lost_rx + len(cable[VF])));
	app_got = n
}

/* A device sends, and receives while it is told to; the network learns from what it sends. */
proctype device(byte me) {
	byte n;
end:	do
	:: atomic { carrier[me] && len(tx[me]) > 0 && len(unsure[me]) < RING ->
		tx[me]?n; unsure[me]!n; port = me; peer_takes(n) }
	:: atomic { carrier[me] && len(unsure[me]) > 0 -> unsure[me]?n }
	:: atomic { len(cable[me]) > 0 && rx_on[me] && carrier[me] && len(rx[me]) < RING -> cable[me]?n; rx[me]!n }
	:: atomic { len(cable[me]) > 0 && (!rx_on[me] || !carrier[me]) ->
		cable[me]?n; lost_rx++; assert(failed && lost_rx <= 1) }
	od
}

/* A port without carrier is forgotten: the network floods, and the other one hears it. */
proctype peer() {
	byte to;
	do
	:: peer_sent < FRAMES ->
		atomic {
			to = (carrier[port] -> port : OTHER(port));
			if
			:: len(cable[to]) == 0 -> peer_sent++; cable[to]!peer_sent
			:: else
			fi
		}
	:: else -> break
	od
}

/* ---- DNIS: one thread, which moves frames between the steps of a switch ---- */

inline app_tx() {
	atomic {
		if
		:: gate && len(back) > 0 && len(tx[in_use]) < RING -> back?m; tx[in_use]!m
		:: gate && len(back) == 0 && sent < FRAMES && len(tx[in_use]) < RING -> sent++; tx[in_use]!sent
		:: else
		fi;
		/* Exactly one is active: the other has nothing of ours to send. */
		assert(!gate || len(tx[OTHER(in_use)]) == 0)
	}
}

/* From the one that is left first, to its last frame. */
inline app_rx(first) {
	atomic {
		if
		:: len(rx[first]) > 0 -> rx[first]?m; app_takes(m)
		:: else
		fi
	}
}

inline turn(from) {
	if
	:: true -> app_tx()
	:: true -> app_rx(from)
	:: skip
	fi
}

/* What the device has not sent goes before what waits already. */
inline take_back(from) {
	atomic {
		older = len(back);
		do
		:: len(tx[from]) > 0 -> tx[from]?m;
#ifndef NO_TAKE
			back!m
#endif
		:: else -> break
		od;
		do
		:: older > 0 -> older--; back?m; back!m
		:: else -> break
		od
	}
}

/* Its link failed: what it was given it may have sent or not. */
inline give_up(from) {
	atomic {
#ifdef RESEND
		do
		:: len(unsure[from]) > 0 -> unsure[from]?m; back!m
		:: else -> break
		od;
		take_back(from)
#else
		in_doubt = in_doubt + IN_HAND(from);
		do
		:: len(tx[from]) > 0 -> tx[from]?m
		:: len(unsure[from]) > 0 -> unsure[from]?m
		:: else -> break
		od
#endif
	}
}

inline orderly(from, to) {
#ifndef SB_LATE
	rx_on[to] = true;
#endif
	turn(from);
#ifndef EAGER_TX
	gate = false;
#else
	in_use = to;
#endif
	/* Drained, or time is up. */
	do
	:: IN_HAND(from) == 0 || !carrier[from] -> break
	:: IN_HAND(from) > 0 && carrier[from] -> turn(from)
#ifndef EAGER_TX
	:: len(tx[from]) > 0 && len(unsure[from]) == 0 && carrier[from] -> take_back(from); break
#endif
	od;
	if :: !carrier[from] -> give_up(from) :: else fi;
#ifdef RX_FIRST
	rx_on[from] = false;
#endif
	port = to;                      /* the filter is moved and the address announced by `to` */
	turn(from);
#ifdef SB_LATE
	rx_on[to] = true;
#endif
	/* What is on the way to `from` arrives within the grace time. */
	do
	:: len(cable[from]) == 0 || !carrier[from] -> break
	:: len(cable[from]) > 0 && carrier[from] -> app_rx(from)
	od;
	rx_on[from] = false;
	in_use = to;
	gate = true;
#ifndef EAGER_RX
	do
	:: len(rx[from]) > 0 -> app_rx(from); if :: true -> app_tx() :: skip fi
	:: len(rx[from]) == 0 -> break
	od
#endif
}

/* The address is on the standby by the network's own doing; nothing can be asked of the VF. */
inline surprise() {
	rx_on[SB] = true;
	gate = false;
	give_up(VF);
	rx_on[VF] = false;
	port = SB;
	in_use = SB;
	gate = true;
	do
	:: len(rx[VF]) > 0 -> app_rx(VF)
	:: len(rx[VF]) == 0 -> break
	od
}

proctype dnis() {
	byte m, older, turns;

	do
	:: turns < TURNS -> turns++; turn(VF)
	:: break
	od;
	if
	:: !carrier[VF] -> surprise()
	:: else -> orderly(VF, SB)
	fi;
	assert(in_use == SB);
	do
	:: turns < 2 * TURNS -> turns++; turn(SB)
	:: break
	od;
#ifdef ORDERLY
	orderly(SB, VF);
#endif
	done = true;
	/* On until all is delivered. */
	do
	:: true -> app_tx(); app_rx(in_use)
	od
}

#ifdef LOST
proctype fate() {
	atomic { carrier[VF] -> carrier[VF] = false; failed = true }
}
#endif

init {
	atomic {
		carrier[VF] = true;
		carrier[SB] = true;
		rx_on[VF] = true;
#ifdef LOST
		rx_on[SB] = true;       /* warm: it hears what the network floods */
		run fate();
#endif
		run device(VF);
		run device(SB);
		run peer();
		run dnis()
	}
}

#define QUIET (len(tx[VF]) + len(tx[SB]) + len(rx[VF]) + len(rx[SB]) + len(cable[VF]) + len(cable[SB]) + len(back) == 0)
#define ALL   (peer_got + lost_tx == FRAMES && app_got == FRAMES || failed)

/* All that both sides had to say arrives; what a failed link cost is bounded by the assertions above. */
ltl delivered { <> [] (done && sent == FRAMES && peer_sent == FRAMES && QUIET && ALL) }
