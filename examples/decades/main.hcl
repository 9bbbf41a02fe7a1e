# One playlist for each decade. A new song is one more line, with the year it came out; a decade nobody has written a
# song of has no playlist.

locals {
  songs = [
    { uri = "spotify:track:2QfiRTz5Yc8DdShCxG1tB2", year = 1959 }, # Chuck Berry – Johnny B. Goode
    { uri = "spotify:track:2aEeghgUcnu75tzcolFMfs", year = 1959 }, # Ritchie Valens – La Bamba
    { uri = "spotify:track:48i055G1OT5KxGGftwFxWy", year = 1964 }, # Roy Orbison – Oh, Pretty Woman
    { uri = "spotify:track:7s25THrKz86DM225dOYwnr", year = 1967 }, # Aretha Franklin – Respect
    { uri = "spotify:track:2EqlS6tkEnglzr7tkKAAYD", year = 1969 }, # The Beatles – Come Together
    { uri = "spotify:track:1h2xVEoJORqrg71HocgqXd", year = 1972 }, # Stevie Wonder – Superstition
    { uri = "spotify:track:7tFiyTwD0nx5a1eklYtX2J", year = 1975 }, # Queen – Bohemian Rhapsody
    { uri = "spotify:track:5YSI1311X8t31PBjkBG4CZ", year = 1978 }, # Kate Bush – Wuthering Heights
    { uri = "spotify:track:54X78diSLoUDI3joC2bjMz", year = 1984 }, # Prince – Purple Rain
    { uri = "spotify:track:7FwBtcecmlpc1sLySPXeGE", year = 1984 }, # Bruce Springsteen – Dancing In the Dark
    { uri = "spotify:track:31AOj9sFz2gM0O3hMARRBx", year = 1991 }, # R.E.M. – Losing My Religion
    { uri = "spotify:track:3SVAN3BRByDmHOhKyIDxfC", year = 1997 }, # Radiohead – Karma Police
    { uri = "spotify:track:2i4AouhQeGFBb4g3cx8yqg", year = 1997 }, # The Verve – Bitter Sweet Symphony
    { uri = "spotify:track:3N4DI1vuTSX1tz7fa2NQZw", year = 2006 }, # Amy Winehouse – Rehab
    { uri = "spotify:track:5PKWUDfQFtc5qqo8cs1gQp", year = 2011 }, # Adele – Set Fire to the Rain
    { uri = "spotify:track:4VRLGNMTfymoYzD4dLAsNb", year = 2011 }, # Gotye, Kimbra – Somebody That I Used To Know
    { uri = "spotify:track:7qiZfU4dY1lWllzX7mPBI3", year = 2017 }, # Ed Sheeran – Shape of You
  ]

  decades = toset([for s in local.songs : format("%ds", floor(s.year / 10) * 10)])
}

playlist "decade" {
  for_each = local.decades

  name        = "The ${each.key}"
  description = "Chosen by hand, sorted by year."
  tracks      = [for s in sort_by(local.songs, "year") : s if startswith(each.key, substr(tostring(s.year), 0, 3))]
}

output "decades" {
  value = local.decades
}
