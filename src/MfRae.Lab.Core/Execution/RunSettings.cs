namespace MfRae.Lab.Core.Execution;

/// <summary>
/// Settings that change numbers by rounding (device, threads) or not at all (all others), so keys do not include them. The device class is part
/// of the identity of each measurement (<see cref="Identity.DeviceClass"/>).
/// </summary>
/// <param name="Device">auto, cpu, cuda or cuda:N.</param>
/// <param name="Jobs">Stages that may run at once; 0: as the cores and the threads of each allow, on a GPU one.</param>
/// <param name="Threads">Threads of the stage's numerics; 0: as many as the machine's cores say.</param>
/// <param name="LogEvery">Training steps between two metric events.</param>
/// <param name="CheckpointSeconds">Seconds between two checkpoints.</param>
public sealed record RunSettings(
    string Device = "auto",
    int Jobs = 0,
    int Threads = 0,
    int LogEvery = 10,
    int CheckpointSeconds = 30);
