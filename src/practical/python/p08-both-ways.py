import subprocess

print("popen2:")
proc = subprocess.Popen(["cat", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
print("pass through:", repr(proc.communicate("through stdin to stdout")[0]))
