#include "canvas.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <memory>

namespace tactus::app {
namespace {

struct Letter {
  char what;
  std::array<unsigned char, 7> rows;  // from above; the highest of five bits is left
};

constexpr std::array kLetters = {
    Letter{' ', {0, 0, 0, 0, 0, 0, 0}},        Letter{'A', {14, 17, 17, 31, 17, 17, 17}},
    Letter{'B', {30, 17, 17, 30, 17, 17, 30}}, Letter{'C', {14, 17, 16, 16, 16, 17, 14}},
    Letter{'D', {30, 17, 17, 17, 17, 17, 30}}, Letter{'E', {31, 16, 16, 30, 16, 16, 31}},
    Letter{'F', {31, 16, 16, 30, 16, 16, 16}}, Letter{'G', {14, 17, 16, 23, 17, 17, 15}},
    Letter{'H', {17, 17, 17, 31, 17, 17, 17}}, Letter{'I', {14, 4, 4, 4, 4, 4, 14}},
    Letter{'J', {7, 2, 2, 2, 2, 18, 12}},      Letter{'K', {17, 18, 20, 24, 20, 18, 17}},
    Letter{'L', {16, 16, 16, 16, 16, 16, 31}}, Letter{'M', {17, 27, 21, 21, 17, 17, 17}},
    Letter{'N', {17, 25, 21, 19, 17, 17, 17}}, Letter{'O', {14, 17, 17, 17, 17, 17, 14}},
    Letter{'P', {30, 17, 17, 30, 16, 16, 16}}, Letter{'Q', {14, 17, 17, 17, 21, 18, 13}},
    Letter{'R', {30, 17, 17, 30, 20, 18, 17}}, Letter{'S', {15, 16, 16, 14, 1, 1, 30}},
    Letter{'T', {31, 4, 4, 4, 4, 4, 4}},       Letter{'U', {17, 17, 17, 17, 17, 17, 14}},
    Letter{'V', {17, 17, 17, 17, 17, 10, 4}},  Letter{'W', {17, 17, 17, 21, 21, 21, 10}},
    Letter{'X', {17, 17, 10, 4, 10, 17, 17}},  Letter{'Y', {17, 17, 10, 4, 4, 4, 4}},
    Letter{'Z', {31, 1, 2, 4, 8, 16, 31}},     Letter{'0', {14, 17, 19, 21, 25, 17, 14}},
    Letter{'1', {4, 12, 4, 4, 4, 4, 14}},      Letter{'2', {14, 17, 1, 6, 8, 16, 31}},
    Letter{'3', {31, 2, 4, 2, 1, 17, 14}},     Letter{'4', {2, 6, 10, 18, 31, 2, 2}},
    Letter{'5', {31, 16, 30, 1, 1, 17, 14}},   Letter{'6', {6, 8, 16, 30, 17, 17, 14}},
    Letter{'7', {31, 1, 2, 4, 8, 8, 8}},       Letter{'8', {14, 17, 17, 14, 17, 17, 14}},
    Letter{'9', {14, 17, 17, 15, 1, 2, 12}},   Letter{'.', {0, 0, 0, 0, 0, 12, 12}},
    Letter{',', {0, 0, 0, 0, 12, 4, 8}},       Letter{':', {0, 12, 12, 0, 12, 12, 0}},
    Letter{'-', {0, 0, 0, 31, 0, 0, 0}},       Letter{'+', {0, 4, 4, 31, 4, 4, 0}},
    Letter{'#', {10, 10, 31, 10, 31, 10, 10}}, Letter{'/', {1, 1, 2, 4, 8, 16, 16}},
    Letter{'(', {2, 4, 8, 8, 8, 4, 2}},        Letter{')', {8, 4, 2, 2, 2, 4, 8}},
    Letter{'%', {24, 25, 2, 4, 8, 19, 3}},     Letter{'\'', {4, 4, 8, 0, 0, 0, 0}},
    Letter{'_', {0, 0, 0, 0, 0, 0, 31}},       Letter{'&', {12, 18, 20, 8, 21, 18, 13}},
};
constexpr std::array<unsigned char, 7> kUnknown = {0, 0, 0, 4, 0, 0, 0};

const std::array<unsigned char, 7>& rows_of(char c) {
  const auto capital = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const auto found = std::find_if(kLetters.begin(), kLetters.end(), [&](const Letter& l) { return l.what == capital; });
  return found == kLetters.end() ? kUnknown : found->rows;
}

unsigned char blend(unsigned char under, unsigned char over, double opacity) {
  return static_cast<unsigned char>(under + (over - under) * opacity + 0.5);
}

}  // namespace

Canvas::Canvas(int width, int height, Rgb ground)
    : width_(width),
      height_(height),
      pixels_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), ground) {}

void Canvas::rect(int x, int y, int width, int height, Rgb color, double opacity) {
  const int right = std::min(x + width, width_), bottom = std::min(y + height, height_);
  for (int row = std::max(y, 0); row < bottom; ++row) {
    for (int column = std::max(x, 0); column < right; ++column) {
      Rgb& p =
          pixels_[static_cast<std::size_t>(row) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(column)];
      p = {blend(p.r, color.r, opacity), blend(p.g, color.g, opacity), blend(p.b, color.b, opacity)};
    }
  }
}

int Canvas::text(int x, int y, std::string_view words, Rgb color, int scale) {
  for (const char c : words) {
    const auto& rows = rows_of(c);
    for (int row = 0; row < 7; ++row) {
      for (int dot = 0; dot < 5; ++dot) {
        const bool set = (rows[static_cast<std::size_t>(row)] >> (4 - dot) & 1) != 0;
        if (set) rect(x + dot * scale, y + row * scale, scale, scale, color);
      }
    }
    x += 6 * scale;
  }
  return x;
}

std::string Canvas::save(const std::string& path) const {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"), &std::fclose);
  if (!file) return path + ": the picture can't be written";
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width_);
  image.height = static_cast<png_uint_32>(height_);
  image.format = PNG_FORMAT_RGB;
  const bool written = png_image_write_to_stdio(&image, file.get(), 0, pixels_.data(), width_ * 3, nullptr) != 0;
  if (std::fclose(file.release()) == 0 && written) return {};
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  return path + ": " + (written ? "the picture can't be written" : image.message);
}

}  // namespace tactus::app
