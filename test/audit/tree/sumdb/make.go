// Makes vectors.json with Go's own golang.org/x/mod/sumdb. See README.md.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const size = 70000

type storage []tlog.Hash

func (s storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		out[i] = s[index]
	}
	return out, nil
}

type sevens struct{}

func (sevens) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 7
	}
	return len(p), nil
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func hashes(list []tlog.Hash) []string {
	out := []string{}
	for _, h := range list {
		out = append(out, h.String())
	}
	return out
}

func main() {
	var store storage
	for i := int64(0); i < size; i++ {
		more, err := tlog.StoredHashes(i, []byte(fmt.Sprintf("entry %d", i)), store)
		check(err)
		store = append(store, more...)
	}
	out := map[string]any{"size": size, "entry": "entry <index>"}

	roots := map[string]string{}
	for _, n := range []int64{1, 2, 3, 7, 255, 256, 257, 511, 512, 1000, 65535, 65536, 65537, size} {
		root, err := tlog.TreeHash(n, store)
		check(err)
		roots[fmt.Sprint(n)] = root.String()
	}
	out["roots"] = roots

	records := []any{}
	for _, p := range [][2]int64{{1, 0}, {7, 3}, {256, 255}, {257, 256}, {1000, 511}, {65537, 65536}, {size, 0}, {size, 65536}, {size, 69999}, {size, 12345}} {
		proof, err := tlog.ProveRecord(p[0], p[1], store)
		check(err)
		records = append(records, map[string]any{"size": p[0], "index": p[1], "proof": hashes(proof)})
	}
	out["records"] = records

	trees := []any{}
	for _, p := range [][2]int64{{1, 7}, {3, 7}, {4, 7}, {6, 7}, {255, 256}, {256, 257}, {1000, 65537}, {65536, size}, {65535, size}, {69999, size}} {
		proof, err := tlog.ProveTree(p[1], p[0], store)
		check(err)
		trees = append(trees, map[string]any{"from": p[0], "to": p[1], "proof": hashes(proof)})
	}
	out["trees"] = trees

	tiles := map[string]string{}
	for _, tile := range tlog.NewTiles(8, 0, size) {
		// Of the last tile of a level all widths are listed; the tree of this size has the widest.
		if hashes := int64(size) >> (8 * tile.L); tile.W < 256 && (tile.N != hashes/256 || int64(tile.W) != hashes%256) {
			continue
		}
		data, err := tlog.ReadTileData(tile, store)
		check(err)
		sum := sha256.Sum256(data)
		// tile/8/L/N is C2SP's tile/L/N: the height is not in the name there.
		tiles["tile/"+strings.TrimPrefix(tile.Path(), "tile/8/")] = hex.EncodeToString(sum[:])
	}
	out["tiles"] = tiles

	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = 7
	}
	skey, vkey, err := note.GenerateKey(sevens{}, "example.com/dbgate")
	check(err)
	signer, err := note.NewSigner(skey)
	check(err)
	root, err := tlog.TreeHash(size, store)
	check(err)
	text := fmt.Sprintf("example.com/dbgate\n%d\n%s\n", size, root)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	check(err)
	out["note"] = map[string]string{"seed": hex.EncodeToString(seed), "vkey": vkey, "signed": string(signed)}

	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	check(encoder.Encode(out))
}
