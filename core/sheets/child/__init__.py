"""The child process that reads sheets. It imports the standard library and calamine only, never Django: it starts in
milliseconds, and whatever a hostile file does to it (memory, time, a crash) stays with it."""
