import subprocess

completed = subprocess.run(["ls", "-lahF"], stdout=subprocess.PIPE)
print("returncode:", completed.returncode)
print(f"Have {len(completed.stdout)} bytes in stdout:\n{completed.stdout.decode()}")
