#include "session/script.h"

#include <nlohmann/json.hpp>

namespace tactus::session {

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tactus::session
