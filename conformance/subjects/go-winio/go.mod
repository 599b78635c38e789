// GOOS=windows go get github.com/Microsoft/go-winio@latest
// GOOS=windows go build -o subject-go-winio.exe .
module subject-go-winio

go 1.21

require github.com/Microsoft/go-winio v0.6.2
