/*
 * events: what engines tell of connections and requests, for those that it concerns. Private to the room.
 */
#ifndef HTTP_EVENTS_H
#define HTTP_EVENTS_H

#include "http/engine.h"

extern const struct engine_events events_of_engines;

#endif
