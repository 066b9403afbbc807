// Walks a tree with a few goroutines that read its files, beside timers that must fire in order: walk FOLDER.
// Standard input is read to its end meanwhile. What is printed depends on no order but that of the timers.
package main

import (
	"bufio"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"time"
)

const readers = 4

type result struct {
	path string
	size int
	sum  uint32
	err  error
}

func read(paths <-chan string, results chan<- result, done *sync.WaitGroup) {
	defer done.Done()
	for path := range paths {
		content, err := os.ReadFile(path)
		results <- result{path, len(content), crc32.ChecksumIEEE(content), err}
	}
}

// walk sends the files of a tree to the readers and gives what they found, in order of the paths.
func walk(root string) ([]result, error) {
	paths, results := make(chan string), make(chan result)
	var done sync.WaitGroup
	for range readers {
		done.Add(1)
		go read(paths, results, &done)
	}
	walked := make(chan error, 1)
	go func() {
		walked <- filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				paths <- path
			}
			return err
		})
		close(paths)
		done.Wait()
		close(results)
	}()
	var found []result
	for result := range results {
		found = append(found, result)
	}
	sort.Slice(found, func(i, j int) bool { return found[i].path < found[j].path })
	return found, <-walked
}

// timers waits for timers that were started in another order than they fire in.
func timers(say func(...string)) {
	started := time.Now()
	late, early := time.After(30*time.Millisecond), time.After(10*time.Millisecond)
	ticker := time.NewTicker(4 * time.Millisecond)
	defer ticker.Stop()
	ticks := 0
	for late != nil {
		select {
		case <-early:
			say("early")
			early = nil
		case <-late:
			say("late, ", strconv.FormatBool(early == nil && time.Since(started) >= 30*time.Millisecond))
			late = nil
		case <-ticker.C:
			ticks++
		}
	}
	say("ticks: ", strconv.FormatBool(ticks >= 1))
	select {
	case <-make(chan int):
	case <-time.After(time.Millisecond):
		say("nothing came")
	}
}

// write makes a file anew beside the tree, and reads it back.
func write(root string, found []result) error {
	path := filepath.Join(root, "index")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	for _, result := range found {
		if _, err := file.WriteString(result.path + "\n"); err != nil {
			return err
		}
	}
	if _, err := file.WriteAt([]byte("#"), 0); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	status, err := os.Stat(path)
	if err == nil && (status.Size() == 0 || status.IsDir()) {
		err = errors.New("the index is empty")
	}
	return err
}

func run(root string, say func(...string)) error {
	lines := make(chan int)
	go func() {
		count := 0
		for scanner := bufio.NewScanner(os.Stdin); scanner.Scan(); {
			count++
		}
		lines <- count
	}()
	found, err := walk(root)
	if err != nil {
		return err
	}
	for _, result := range found {
		if result.err != nil {
			return result.err
		}
		say(result.path, " ", strconv.Itoa(result.size), " ", strconv.FormatUint(uint64(result.sum), 16))
	}
	timers(say)
	say("lines: ", strconv.Itoa(<-lines))
	say(runtime.GOOS, " ", runtime.GOARCH)
	if _, err := os.Open(filepath.Join(root, "missing")); !errors.Is(err, fs.ErrNotExist) {
		return errors.New("a missing file is there")
	}
	return write(root, found)
}

func main() {
	if len(os.Args) != 2 {
		io.WriteString(os.Stderr, "usage: walk FOLDER\n")
		os.Exit(64)
	}
	out := bufio.NewWriter(os.Stdout)
	err := run(os.Args[1], func(words ...string) {
		for _, word := range words {
			out.WriteString(word)
		}
		out.WriteString("\n")
	})
	out.Flush()
	if err != nil {
		io.WriteString(os.Stderr, "walk: "+err.Error()+"\n")
		os.Exit(1)
	}
}
