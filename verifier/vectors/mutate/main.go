// Command mutate writes a vector file of random mutations of the project's
// valid vectors, with the verdicts of package verifier: what other builds of
// the verifier are compared with.
//
//	go run ./verifier/vectors/mutate -n 10000 -seed 1 -o mutations.json.gz
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"

	"github.com/nnark/nnark/verifier/internal/answer"
	"github.com/nnark/nnark/verifier/vectors"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("mutate: ")
	n := flag.Int("n", 10000, "`number` of cases")
	seed := flag.Uint64("seed", 1, "`seed` of the choices")
	out := flag.String("o", "mutations.json.gz", "`file` to write")
	flag.Parse()
	valid, err := vectors.Load()
	if err != nil {
		log.Fatal(err)
	}
	f, err := mutations(valid, *n, rand.New(rand.NewPCG(*seed, 0)))
	if err != nil {
		log.Fatal(err)
	}
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*out, buf.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
	verdicts := map[string]int{}
	for _, c := range f.Cases {
		verdicts[c.Verdict]++
	}
	fmt.Printf("%d mutations: %v\n", len(f.Cases), verdicts)
}

// keyShare is the share of cases, one in so many, whose key is mutated too.
const keyShare = 20

func mutations(valid *vectors.File, n int, rng *rand.Rand) (*vectors.File, error) {
	var origins []vectors.Case
	for _, c := range valid.Cases {
		if c.Verdict == answer.Accepted {
			origins = append(origins, c)
		}
	}
	f := &vectors.File{Format: vectors.Format, Keys: map[string]answer.Hex{}}
	var server answer.Server
	for id := 1; id <= n; id++ {
		c := origins[rng.IntN(len(origins))]
		donor := origins[rng.IntN(len(origins))]
		f.Keys[c.Key] = valid.Keys[c.Key]
		c.Name = fmt.Sprintf("of vector %d", c.ID)
		c.ID, c.Flaw = id, "random mutation"
		if rng.IntN(keyShare) == 0 {
			key := mutate(valid.Keys[c.Key], valid.Keys[donor.Key], rng)
			c.Key += fmt.Sprintf(", mutation %d", id)
			f.Keys[c.Key] = key
		} else {
			c.Proof = mutate(c.Proof, donor.Proof, rng)
		}
		a, err := server.Answer(f.Request(&c))
		if err != nil {
			return nil, err
		}
		c.Verdict, c.Kind = a.Verdict, a.Kind
		f.Cases = append(f.Cases, c)
	}
	return f, nil
}

// mutate returns data changed in one to three places, perhaps with parts of donor.
func mutate(data, donor []byte, rng *rand.Rand) []byte {
	data = bytes.Clone(data)
	for range 1 + rng.IntN(3)/2 {
		at := rng.IntN(len(data) + 1)
		size := min(1<<rng.IntN(7), len(data)-at)
		part := data[at : at+size]
		switch rng.IntN(8) {
		case 0: // another byte
			for i := range min(size, 1) {
				part[i] = byte(rng.Uint32())
			}
		case 1:
			for i := range part {
				part[i] = byte(rng.Uint32())
			}
		case 2:
			data = append(data[:at:at], data[at+size:]...)
		case 3:
			data = append(data[:at+size:at+size], data[at:]...)
		case 4:
			if at < len(donor) {
				copy(part, donor[at:])
			}
		case 5:
			clear(part)
		default: // two of eight: the mutation that structure survives best
			for i := range min(size, 1) {
				part[i] ^= 1 << rng.IntN(8)
			}
		}
	}
	return data
}
