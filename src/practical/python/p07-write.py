import subprocess

print("write:", flush=True)
proc = subprocess.Popen(["cat", "-"], stdin=subprocess.PIPE, text=True)
proc.communicate("stdin: to stdin\n")
