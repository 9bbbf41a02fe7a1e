package main

func quitSelf() {
	go panic("Windows has no such signal")
	select {}
}
