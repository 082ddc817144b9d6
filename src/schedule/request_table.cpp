#include "schedule/request_table.h"

namespace tactus::schedule {

namespace {

constexpr WireArg kHello[] = {{"name", "string"}, {"kind", "string", true}, {"confidence", "number", true}};
constexpr WireArg kDo[] = {{"request", "int"}, {"intent", "string"}};
constexpr WireArg kCancel[] = {{"request", "int"}, {"id", "int"}};
constexpr WireArg kSubscribe[] = {{"what", "string"}, {"per_second", "number", true}, {"prefix", "string", true}};
constexpr WireArg kUnsubscribe[] = {{"what", "string"}};
constexpr WireArg kReplyTo[] = {{"port", "int"}};
constexpr WireArg kPing[] = {{"number", "int"}};

constexpr WireRow kRequests[] = {
    {"/hello", kHello, "any", "Says who you are. Kinds are believed on the Unix socket only. Answered by /welcome."},
    {"/do", kDo, "any", "An intent as text. Answered by /fate with the same request."},
    {"/cancel", kCancel, "any", "Takes back an intent that is pending. Answered by /cancelled."},
    {"/subscribe", kSubscribe, "any",
     "events: /done, /failed and /notice. fates: /fate for intents sent as addresses. state: /state/NAME whenever a "
     "value has changed, so many times a second (at most 60), for names that begin with prefix."},
    {"/unsubscribe", kUnsubscribe, "any", "No more of events, fates or state."},
    {"/reply_to", kReplyTo, "udp", "Answers go to this port of your host from now on."},
    {"/ping", kPing, "any", "Answered by /pong."},
    {"/stop", {}, "local", "Ends the engine with a fade."},
};

constexpr WireArg kWelcome[] = {
    {"board_version", "int"}, {"version", "string"}, {"epoch", "int"}, {"layout", "string"}};
constexpr WireArg kFate[] = {{"request", "int"}, {"verdict", "string"}, {"id", "int"},
                             {"beat", "number"}, {"frame", "int"},      {"reason", "string"},
                             {"note", "string"}, {"text", "string"},    {"engine_ns", "int"}};
constexpr WireArg kDone[] = {{"id", "int"}, {"beat", "number"}, {"frame", "int"}, {"text", "string"}};
constexpr WireArg kFailed[] = {{"text", "string"}, {"why", "string"}};
constexpr WireArg kNotice[] = {{"text", "string"}};
constexpr WireArg kCancelled[] = {{"request", "int"}, {"done", "bool"}, {"why", "string"}};
constexpr WireArg kPong[] = {{"number", "int"}, {"engine_ns", "int"}};
constexpr WireArg kCounted[] = {{"count", "int"}, {"why", "string"}};
constexpr WireArg kLost[] = {{"count", "int"}};

constexpr WireRow kReplies[] = {
    {"/welcome", kWelcome, "any", "Who the engine is; on the Unix socket with the state board's descriptor."},
    {"/fate", kFate, "any", "What became of an intent: accepted, coalesced or refused with the reason."},
    {"/done", kDone, "any", "An intent was executed, at this beat and frame."},
    {"/failed", kFailed, "any", "An intent that was accepted couldn't be carried out: its file can't be played."},
    {"/notice", kNotice, "any", "A plain sentence for the user."},
    {"/cancelled", kCancelled, "any", "Whether it was, and why not."},
    {"/pong", kPong, "any", "The number of the /ping, and CLOCK_MONOTONIC in nanoseconds."},
    {"/refused", kCounted, "any", "So many messages were turned away unread, and why."},
    {"/lost", kLost, "any", "So many replies were not read in time, and are lost."},
};

}  // namespace

std::span<const WireRow> request_table() { return kRequests; }
std::span<const WireRow> reply_table() { return kReplies; }

}  // namespace tactus::schedule
