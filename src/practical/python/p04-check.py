import subprocess

try:
    subprocess.run(["false"], check=True)
except subprocess.CalledProcessError as error:
    print("ERROR:", error)
