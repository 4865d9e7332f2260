import subprocess

print("read:")
proc = subprocess.Popen(["echo", '"to stdout"'], stdout=subprocess.PIPE, text=True)
print("stdout:", repr(proc.communicate()[0]))
