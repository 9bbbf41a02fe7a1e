playlist "many" {
  tracks = [for i in range(1001) : [for j in range(10) : "spotify:track:003vvx7Niy0yvhvHt4a68B"]] # ERROR: Too many tracks
}

playlist "written" {
  tracks = [
    "spotify:track:003vvx7Niy0yvhvHt4a68B",
    [for i in range(1001) : [for j in range(10) : "spotify:track:003vvx7Niy0yvhvHt4a68B"]], # ERROR: Too many tracks
    "spotify:track:003vvx7Niy0yvhvHt4a68B",
  ]
}
