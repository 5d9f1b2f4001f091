using MfRae.Lab.Learning.Networks;

namespace MfRae.Lab.Learning.Training;

/// <summary>Keeps the averaged weights as they are after some of the steps.</summary>
/// <param name="steps">Numbers of steps done; 0 is before the first.</param>
/// <param name="keep">Is given each of them, and the weights.</param>
public sealed class Snapshots(IEnumerable<int> steps, Action<int, Weights> keep)
{
    private readonly HashSet<int> _steps = [.. steps];

    /// <param name="average">What is kept, with the constants of <paramref name="weights"/>.</param>
    public void Take(long step, Weights average, Weights weights)
    {
        if (step > int.MaxValue || !_steps.Contains((int)step))
            return;
        average.CopyConstants(weights);
        keep((int)step, average);
    }
}
