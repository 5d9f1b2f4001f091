using System.Globalization;

namespace MfRae.Lab.TestWorker;

/// <summary>The behaviour of a <see cref="CountingStage"/>, written as `steps=30 die=25`; 0 means never.</summary>
/// <param name="Delay">The duration of a step in milliseconds.</param>
/// <param name="Checkpoint">Steps between two checkpoints.</param>
/// <param name="Die">The step at which the first attempt kills its process.</param>
/// <param name="DieAlways">The step at which every attempt kills its process.</param>
/// <param name="Fail">The step at which the stage fails because of its environment.</param>
/// <param name="Bug">The step at which the stage throws an unexpected exception.</param>
/// <param name="Diverge">The step at which the numbers become infinite.</param>
/// <param name="Starve">The step at which a native library cannot allocate memory.</param>
/// <param name="Deaf">1: the stage ignores a stop.</param>
/// <param name="Stop">The step at which a declared rule stops the stage.</param>
public sealed record Script(
    long Steps,
    int Delay,
    long Checkpoint,
    long Die,
    long DieAlways,
    long Fail,
    long Bug,
    long Diverge,
    long Starve,
    long Deaf,
    long Stop)
{
    public static Script Of(string text)
    {
        var values = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('='))
            .Where(part => part.Length == 2)
            .ToDictionary(part => part[0], part => long.Parse(part[1], CultureInfo.InvariantCulture));
        long Value(string name, long otherwise = 0) => values.GetValueOrDefault(name, otherwise);
        return new(
            Value("steps", 3),
            (int)Value("delay"),
            Value("checkpoint", 10),
            Value("die"),
            Value("dieAlways"),
            Value("fail"),
            Value("bug"),
            Value("diverge"),
            Value("starve"),
            Value("deaf"),
            Value("stop"));
    }
}
