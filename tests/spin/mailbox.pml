/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mailbox of one VF: its lock, its doorbells, and what both drivers do with it, one register access a
 * step (82599 datasheet 7.10.2.9; drivers/intel/mbx.c, pf_mbx.c, pf_service.c). There is one memory for both
 * ways, and no atomic operation: who wants it writes its bit and looks whether the bit stands.
 *
 * Settings: IMPATIENT   the VF may give up a request, the PF may give up waiting for its answer to be read
 * Planted bugs, each of which must be found:
 *           ONE_LOOK    the PF does not look for a request again once it has the memory
 *           NO_LOOK     the PF does not look at all before it sends a control message
 *           BLIND_LOCK  the VF takes its write of VFU for the lock
 *           KEEP_STALE  the VF, about to ask, does not forget an answer that came late
 *           OVERWRITE   the PF puts a control message over an answer that is not read yet
 *
 * RUN : holds
 * RUN : holds claim
 * RUN IMPATIENT: holds
 * RUN ONE_LOOK: found
 * RUN NO_LOOK: found
 * RUN BLIND_LOCK: found
 * RUN KEEP_STALE: found
 * RUN OVERWRITE: found claim
 * RUN IMPATIENT ONE_LOOK: found
 * RUN IMPATIENT KEEP_STALE: found
 */
#define REQUESTS 3

mtype = { NOTHING, REQ, ANSWER, CONTROL };

/* The device. */
bool vfu, pfu;              /* the lock */
bool icr_req, icr_ack;      /* the PF's doorbells */
bool pfsts, pfack;          /* the VF's; cleared by its read of the control register */
mtype word0 = NOTHING;      /* the memory: what it is ... */
byte word0_id, word1_id;    /* ... and of which request, in two words */

/* Who believes to hold the memory: what the lock is for. */
bool vf_holds, pf_holds;

/* The VF driver. */
bool seen_sts;              /* PFSTS as read and not yet acted on */
bool waits;                 /* for the answer to request `asked` */
byte asked;

/* The PF driver. */
bool unread;                /* its last answer was not acknowledged yet */

/* A read of the VF's control register. */
inline vf_look() {
	d_step { seen_sts = seen_sts || pfsts; pfsts = false; pfack = false }
}

inline vf_lock(got) {
	got = false;
	do
	:: d_step { if :: !pfu -> vfu = true :: else fi };
#ifdef BLIND_LOCK
	   got = true; break
#else
	   d_step { seen_sts = seen_sts || pfsts; pfsts = false; pfack = false; got = vfu };
	   if
	   :: got -> break
#ifdef IMPATIENT
	   :: !got -> break
#endif
	   :: else
	   fi
#endif
	od;
	if :: got -> vf_holds = true :: else fi
}

#define ALONE assert(!(vf_holds && pf_holds))

/* sri_mbx_take. what: ANSWER, or NOTHING for none and for a control message. */
inline vf_take(what, id) {
	what = NOTHING;
	vf_look();
	if
	:: seen_sts ->
		vf_lock(locked);
		if
		:: locked ->
			what = word0; id = word0_id; ALONE;
			if :: what == ANSWER -> assert(id == word1_id) :: else fi; /* whole, not torn */
			seen_sts = false;
			vf_holds = false;
			d_step { icr_ack = true; vfu = false }; /* ACK gives VFU back too */
			if :: what == CONTROL -> what = NOTHING :: else fi
		:: else
		fi
	:: else
	fi
}

/* sri_mbx_post */
inline vf_post(ok) {
	vf_take(what, id);
	vf_lock(ok);
	if
	:: ok ->
#ifndef KEEP_STALE
		seen_sts = false;
#endif
		ALONE; word0 = REQ; word0_id = asked;
		ALONE; word1_id = asked;
		vf_holds = false;
		d_step { icr_req = true; vfu = false }
	:: else
	fi
}

active proctype vf() {
	bool locked, posted;
	mtype what;
	byte id, n;

	do
	:: n < REQUESTS ->
		n++;
		asked = n;
		vf_post(posted);
		if
		:: posted -> waits = true
		:: else
		fi;
		do
		:: !waits -> break
		:: waits ->
			vf_take(what, id);
			if
			:: what == ANSWER ->
				assert(id == asked);    /* of this request and of no other */
				waits = false
			:: what == REQ ->
				assert(false)           /* its own request, as if it were an answer */
			:: what == NOTHING || what == CONTROL
#ifdef IMPATIENT
			:: what == NOTHING -> waits = false
#endif
			fi
		od
	:: else -> break
	od;
	/* It goes on reading what the PF says: control messages. */
end:	do
	:: pfsts || seen_sts -> vf_take(what, id)
	od
}

inline pf_lock(got) {
	d_step { if :: !vfu -> pfu = true :: else fi };
	got = pfu;
	if :: got -> pf_holds = true :: else fi
}

/* A look at the doorbells takes the acknowledgements and leaves the requests. */
inline pf_look(request) {
	d_step { request = icr_req; if :: icr_ack -> unread = false :: else fi; icr_ack = false }
}

inline pf_serve_request() {
	pf_lock(locked);
	if
	:: locked ->
		icr_req = false;
		what = word0; id = word0_id; ALONE;
		assert(what != REQ || id == word1_id);  /* whole, not torn */
		pfack = true;
		if
		:: what == REQ ->
			ALONE; word0 = ANSWER; word0_id = id;
			ALONE; word1_id = id;
			pf_holds = false;
			d_step { pfsts = true; pfu = false; unread = true }
		:: else ->
			assert(false)                   /* a doorbell, and no request behind it */
		fi
	:: else
	fi
}

/* may_send and what follows */
inline pf_send_control() {
#ifndef NO_LOOK
	pf_look(waiting);
#else
	waiting = false;
#endif
	if
	:: waiting
#if defined(IMPATIENT) || defined(OVERWRITE)
	:: !waiting ->
#else
	:: !waiting && unread
	:: !waiting && !unread ->
#endif
		pf_lock(locked);
		if
		:: locked ->
#if !defined(ONE_LOOK) && !defined(NO_LOOK)
			pf_look(waiting);
#endif
			if
			:: waiting -> pf_holds = false; pfu = false
			:: else ->
				ALONE; word0 = CONTROL; /* one word: the other stays */
				pf_holds = false;
				d_step { pfsts = true; pfu = false; unread = true }
			fi
		:: else
		fi
	fi
}

active proctype pf() {
	bool locked, waiting;
	mtype what;
	byte id;

	do
	:: pf_look(waiting);
	   if
	   :: waiting -> pf_serve_request()
	   :: else
	   fi;
	   if
	   :: pf_send_control()    /* the link has changed, say */
	   :: skip
	   fi
	od
}

/* A VF that is patient gets its answer. (The PF may send control messages for ever; both go on.) */
ltl answered { [] (waits -> <> !waits) }
