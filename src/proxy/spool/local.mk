# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/spool/spool.c src/proxy/spool/spool.h \
	src/proxy/spool/spool_admission.c src/proxy/spool/spool_admission.h \
	src/proxy/spool/spool_age.c src/proxy/spool/spool_age.h \
	src/proxy/spool/spool_answer.c src/proxy/spool/spool_answer.h \
	src/proxy/spool/spool_ask.c src/proxy/spool/spool_ask.h \
	src/proxy/spool/spool_away.c src/proxy/spool/spool_away.h \
	src/proxy/spool/spool_batch.c src/proxy/spool/spool_batch.h \
	src/proxy/spool/spool_body.c src/proxy/spool/spool_body.h \
	src/proxy/spool/spool_boot.c src/proxy/spool/spool_boot.h \
	src/proxy/spool/spool_bounds.c src/proxy/spool/spool_bounds.h \
	src/proxy/spool/spool_call.c \
	src/proxy/spool/spool_delivery.c src/proxy/spool/spool_delivery.h \
	src/proxy/spool/spool_entities.c src/proxy/spool/spool_entities.h \
	src/proxy/spool/spool_filter.c src/proxy/spool/spool_filter.h \
	src/proxy/spool/spool_keys.c src/proxy/spool/spool_keys.h \
	src/proxy/spool/spool_left.c src/proxy/spool/spool_left.h \
	src/proxy/spool/spool_look.c src/proxy/spool/spool_look.h \
	src/proxy/spool/spool_obstacle.c src/proxy/spool/spool_obstacle.h \
	src/proxy/spool/spool_origin.c src/proxy/spool/spool_origin.h \
	src/proxy/spool/spool_page.c src/proxy/spool/spool_page.h \
	src/proxy/spool/spool_pending.c src/proxy/spool/spool_pending.h \
	src/proxy/spool/spool_progress.c src/proxy/spool/spool_progress.h \
	src/proxy/spool/spool_question.c src/proxy/spool/spool_question.h \
	src/proxy/spool/spool_rate.c src/proxy/spool/spool_rate.h \
	src/proxy/spool/spool_reply.c src/proxy/spool/spool_reply.h \
	src/proxy/spool/spool_report.c src/proxy/spool/spool_report.h \
	src/proxy/spool/spool_room.c src/proxy/spool/spool_room.h \
	src/proxy/spool/spool_row_json.c src/proxy/spool/spool_row_json.h \
	src/proxy/spool/spool_slot.c src/proxy/spool/spool_slot.h \
	src/proxy/spool/spool_take.c src/proxy/spool/spool_take.h \
	src/proxy/spool/spool_turns.c \
	src/proxy/spool/spool_wait.c src/proxy/spool/spool_wait.h \
	src/proxy/spool/spool_write.c src/proxy/spool/spool_write.h
