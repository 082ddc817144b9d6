"""What `tactus state` shows, for the rigs of app_rig.py and engine_rig.py."""
import json
import time


class Shown:
    def state_text(self, *options):
        """What `tactus state` shows, once the engine answers: beside other tests that may be later than half a second."""
        until = time.monotonic() + 20
        while (shown := self.run_tactus("state", *options)).returncode != 0 and time.monotonic() < until:
            time.sleep(0.1)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        return shown.stdout

    def state(self):
        return json.loads(self.state_text("--json"))
