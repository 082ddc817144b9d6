// Pictures for people: rectangles, lines and small capital letters on a dark ground, written as PNG.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tactus::app {

struct Rgb {
  unsigned char r = 0, g = 0, b = 0;
};

class Canvas {
 public:
  Canvas(int width, int height, Rgb ground);
  int width() const { return width_; }
  int height() const { return height_; }

  // Everything outside is cut off. opacity: 0 to 1.
  void rect(int x, int y, int width, int height, Rgb color, double opacity = 1);
  // From top to bottom of a strip.
  void line(int x, int y, int height, Rgb color, double opacity = 1) { rect(x, y, 1, height, color, opacity); }
  // Letters of 5 x 7 dots, `scale` pixels each, 6 dots apart; small letters are drawn as capitals, what has no letter
  // as a dot. Returns where the next one would go.
  int text(int x, int y, std::string_view words, Rgb color, int scale = 2);
  static int text_width(std::string_view words, int scale = 2) { return static_cast<int>(words.size()) * 6 * scale; }

  // Empty when done, else why not. What is half written is removed.
  std::string save(const std::string& path) const;

 private:
  int width_, height_;
  std::vector<Rgb> pixels_;
};

}  // namespace tactus::app
