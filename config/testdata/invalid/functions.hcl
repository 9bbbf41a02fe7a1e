playlist "a" {
  name   = uper("x") # ERROR: Unknown function
  tracks = [for t in shufle([], "seed") : nosuch(t)] # ERROR: Unknown function | Unknown function
}
