package guest

import "os"

// maxLog is the size limit of a container's log file. A file of this size is
// renamed to NAME.log.old. So at most twice as much is kept.
const maxLog = 1 << 20

// logFile is a log file of limited size in a tmpfs. It ignores errors: a full
// /run must not stop a service.
type logFile struct {
	path string
	max  int64
	f    *os.File
	size int64
}

func newLogFile(path string) *logFile { return &logFile{path: path, max: maxLog} }

// Write appends p. It never returns an error.
func (l *logFile) Write(p []byte) (int, error) {
	if l.f != nil && l.size+int64(len(p)) > l.max {
		_ = l.f.Close()
		l.f = nil
		_ = os.Rename(l.path, l.path+".old")
	}
	if l.f == nil {
		f, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
		if err != nil {
			return len(p), nil //nolint:nilerr // a service does not stop because its log is full
		}
		l.f, l.size = f, 0
		if st, err := f.Stat(); err == nil {
			l.size = st.Size()
		}
	}
	n, _ := l.f.Write(p)
	l.size += int64(n)
	return len(p), nil
}

// Close closes the file.
func (l *logFile) Close() {
	if l.f != nil {
		_ = l.f.Close()
		l.f = nil
	}
}
