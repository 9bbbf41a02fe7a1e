playlist "a" {
  tracks = [
    "spotify:track:003vvx7Niy0yvhvHt4a68B"
    "spotify:track:1301WleyT98MSxVHPZCA6M" # ERROR: Missing item separator
  ]
}
