// k6 as its own program is, pinned by go.sum: built by bench/k6.py where Go is there.
package main

import "go.k6.io/k6/cmd"

func main() { cmd.Execute() }
