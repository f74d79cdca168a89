module github.com/piprate/json-gold

go 1.26
