// rekordbox's XML, versions 5 to 7, as AlphaTheta publishes it ("rekordbox xml format list",
// https://cdn.rekordbox.com/files/20200410160904/xml_format_list.pdf).
#include <string>

#include "library/foreign/readers.h"

namespace tactus::library {
namespace rekordbox {
namespace {

enum Mark { cue = 0, loop = 4 };  // 1 to 3 are fades and the load point

ForeignAnchor anchor_of(const pugi::xml_node& tempo) {
  const std::string metre = tempo.attribute("Metro").value();  // "4/4"
  return {number_of(tempo.attribute("Inizio").value()), number_of(tempo.attribute("Bpm").value()),
          whole_number_of(tempo.attribute("Battito").value(), 1), whole_number_of(metre.substr(0, metre.find('/')), 4)};
}

void add_mark(const pugi::xml_node& mark, ForeignTrack& track, std::size_t& others) {
  const int type = whole_number_of(mark.attribute("Type").value(), cue);
  const double start = number_of(mark.attribute("Start").value());
  const int number = whole_number_of(mark.attribute("Num").value(), -1);
  const std::string name = mark.attribute("Name").value();
  const std::string color = mark.attribute("Red")
                                ? color_of(mark.attribute("Red").as_int(-1), mark.attribute("Green").as_int(-1),
                                           mark.attribute("Blue").as_int(-1))
                                : std::string();
  if (type == loop) {
    track.loops.push_back({start, number_of(mark.attribute("End").value(), start), number, name, color});
  } else if (type == cue) {
    track.cues.push_back({start, number, name, color});
  } else {
    ++others;
  }
}

ForeignTrack track_of(const pugi::xml_node& node, std::size_t& others) {
  const auto text = [&](const char* name) { return std::string(node.attribute(name).value()); };
  ForeignTrack t;
  t.path = path_of_url(text("Location"));
  t.title = text("Name");
  t.artist = text("Artist");
  t.album = text("Album");
  t.genre = text("Genre");
  t.comment = text("Comments");
  t.key = text("Tonality");
  t.label = text("Label");
  t.composer = text("Composer");
  t.remixer = text("Remixer");
  t.id = text("TrackID");
  t.bpm = number_of(text("AverageBpm"));
  t.length = number_of(text("TotalTime"));
  t.year = whole_number_of(text("Year"));
  if (node.attribute("Rating")) t.rating = stars_of(text("Rating"));
  t.plays = whole_number_of(text("PlayCount"), -1);
  if (const std::string colour = text("Colour"); colour.starts_with("0x") && colour.size() == 8)
    t.color = "#" + colour.substr(2);
  for (const pugi::xml_node& tempo : node.children("TEMPO")) t.grid.push_back(anchor_of(tempo));
  for (const pugi::xml_node& mark : node.children("POSITION_MARK")) add_mark(mark, t, others);
  return t;
}

// A folder's node has Type 0, a playlist's 1; KeyType says whether entries are TrackIDs (0) or locations (1).
struct Playlists {
  TrackNames by_id, by_location;
  ForeignLibrary& out;

  void read(const pugi::xml_node& folder, std::vector<std::string>& path) {
    for (const pugi::xml_node& node : folder.children("NODE")) {
      path.emplace_back(node.attribute("Name").value());
      if (node.attribute("Type").as_int() == 0) {
        if (path.size() < kDeepestFolder) read(node, path);
      } else {
        ForeignPlaylist list{path, {}};
        const bool locations = node.attribute("KeyType").as_int() == 1;
        for (const pugi::xml_node& entry : node.children("TRACK")) {
          const std::string key = entry.attribute("Key").value();
          locations ? by_location.put(path_of_url(key), list) : by_id.put(key, list);
        }
        out.playlists.push_back(std::move(list));
      }
      path.pop_back();
    }
  }
};

}  // namespace
}  // namespace rekordbox

void read_rekordbox(const pugi::xml_node& root, ForeignLibrary& out) {
  using namespace rekordbox;
  out.format = "rekordbox XML";
  const pugi::xml_node product = root.child("PRODUCT");
  out.program =
      std::string(trimmed(std::string(product.attribute("Name").value()) + " " + product.attribute("Version").value()));
  Playlists playlists{{}, {}, out};
  std::size_t others = 0;
  for (const pugi::xml_node& node : root.child("COLLECTION").children("TRACK")) {
    out.tracks.push_back(track_of(node, others));
    playlists.by_id.add(node.attribute("TrackID").value(), out.tracks.size() - 1);
    playlists.by_location.add(out.tracks.back().path, out.tracks.size() - 1);
  }
  note_left_out(others, "fade and load marks", out);
  std::vector<std::string> path;
  // The outermost folder, "ROOT", is no name of anybody's.
  for (const pugi::xml_node& top : root.child("PLAYLISTS").children("NODE")) playlists.read(top, path);
  playlists.by_id.report(out);
  playlists.by_location.report(out);
}

}  // namespace tactus::library
