import subprocess

completed = subprocess.run(["ls", "-lahF"])
print("returncode:", completed.returncode)
