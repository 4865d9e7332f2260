import subprocess
import tempfile

with tempfile.NamedTemporaryFile("w") as file:
    file.write("this is a text:1:first.txt\nanother line:2:none.txt\nthis is a text:3:second.txt\n")
    file.flush()
    cat = subprocess.Popen(["cat", file.name], stdout=subprocess.PIPE)
    grep = subprocess.Popen(["grep", "this is a text"], stdin=cat.stdout, stdout=subprocess.PIPE)
    cat.stdout.close()
    cut = subprocess.Popen(["cut", "-f", "3", "-d:"], stdin=grep.stdout, stdout=subprocess.PIPE, text=True)
    grep.stdout.close()
    print("Included files:")
    for line in cut.stdout:
        print(line.strip())
    for proc in (cat, grep, cut):
        proc.wait()
