using System.Globalization;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Checks the source of the noise and the times between the steps of a few-step generator.</summary>
internal sealed class SamplingRules(Diagnostics mistakes)
{
    /// <param name="view">The options of `sampling`.</param>
    public void Check(OptionView view)
    {
        CheckNoise(view);
        CheckGrid(view);
    }

    /// <summary>Checks that noise and labels from a file are as many as the samples, and that noise has the shape of the latents.</summary>
    /// <param name="options">The `base` of an arm, patched.</param>
    /// <param name="latent">The shape of the latents, or null if it is unknown.</param>
    public void CheckFile(OptionView options, InputHeaders headers, LatentSize? latent)
    {
        const string path = "sampling.noiseFile";
        if (options.Text("sampling.noise") != SamplingOptions.NoiseOfFile || headers.Weights(options.Text(path)) is not { } file)
        {
            return;
        }

        string name = options.Text(path)!;
        const string advice = "name a file with `noise` [N, C, H, W] and `labels` [N], such as one that the verb `noise` writes";
        if (file.Shape("noise") is not [var count, var channels, var rows, var columns] || file.Shape("labels") is not [var labels]
            || labels != count)
        {
            mistakes.Add(options.At(path), $"{name} does not contain noise of shape [N, C, H, W] and as many labels", advice);
            return;
        }

        if (options.Number("sampling.samples") is { } samples && samples > count)
        {
            mistakes.Add(
                options.MostLikelySource("sampling.samples", path),
                string.Create(CultureInfo.InvariantCulture, $"`samples` is {samples}, but {name} has noise for {count} samples"),
                string.Create(CultureInfo.InvariantCulture, $"set `samples` to at most {count}"));
        }

        if (latent is not null && new LatentSize(channels, rows, columns) is var size && size != latent)
        {
            mistakes.Add(options.At(path), $"{name} has noise of shape {size}, but the encoder makes latents of shape {latent}", advice);
        }
    }

    private void CheckNoise(OptionView view)
    {
        bool fromFile = view.Text("noise") == SamplingOptions.NoiseOfFile;
        if (fromFile && !view.IsWritten("noiseFile"))
        {
            mistakes.Add(view.At("noise"), "`noise` is file, but `noiseFile` does not name one", "write `noiseFile`, or set `noise` to run or fixed");
        }
        else if (!fromFile && view.IsWritten("noiseFile"))
        {
            mistakes.Add(
                view.MostLikelySource("noiseFile", "noise"),
                $"`noiseFile` is written, but `noise` is {view.Text("noise")}, so the file would not be read",
                "set `noise` to file, or `noiseFile` to null");
        }

        if (fromFile && view.Number("noiseSets") > 1)
        {
            mistakes.Add(
                view.MostLikelySource("noiseSets", "noise"), "`noiseSets` is above 1, but a file has one set of noise",
                "set `noiseSets` to 1, or `noise` to run or fixed");
        }
    }

    private void CheckGrid(OptionView view)
    {
        if (view.Find("grid.times").Node is not LocatedArray { Items: var lists } || view.Kind("grid") != "times")
        {
            return;
        }

        List<(LocatedNode Node, IReadOnlyList<double> Times)> grids =
            [.. lists.Select(node => (node, OptionView.Numbers(node))).Where(grid => grid.Item2 is not null).Select(grid => (grid.node, grid.Item2!))];
        foreach (var (node, times) in grids)
        {
            CheckTimes(node, times);
        }

        if (view.Numbers("steps") is not { } steps || grids.Count < lists.Count)
        {
            return;
        }

        foreach (double number in steps.Where(number => number > 1 && !grids.Exists(grid => grid.Times.Count - 1 == number)))
        {
            mistakes.Add(
                view.MostLikelySource("grid.times", "steps"),
                string.Create(CultureInfo.InvariantCulture, $"`steps` has {number}, but `times` has no array of {number + 1} times"),
                "write one array of times for each number of steps above 1");
        }

        foreach (var (node, times) in grids.Where(grid => grid.Times.Count > 1 && !steps.Contains(grid.Times.Count - 1)))
        {
            mistakes.Add(
                node.Location,
                string.Create(CultureInfo.InvariantCulture, $"these {times.Count} times are {times.Count - 1} steps, which `steps` does not have"),
                string.Create(CultureInfo.InvariantCulture, $"add {times.Count - 1} to `steps`, or remove the array"));
        }

        foreach (var again in grids.GroupBy(grid => grid.Times.Count).SelectMany(group => group.Skip(1)))
        {
            mistakes.Add(
                again.Node.Location,
                string.Create(CultureInfo.InvariantCulture, $"two arrays have {again.Times.Count} times"), "remove one of the two");
        }
    }

    private void CheckTimes(LocatedNode node, IReadOnlyList<double> times)
    {
        string? mistake = times.Count < 2 ? "a grid has at least two times"
            : times[0] != 1 ? "a grid begins with 1, which is noise"
            : times[^1] != 0 ? "a grid ends with 0, which is data"
            : times.Zip(times.Skip(1)).Any(pair => pair.First <= pair.Second) ? "the times of a grid fall from noise to data"
            : null;
        if (mistake is not null)
        {
            mistakes.Add(node.Location, mistake, "e.g. [1, 0.5, 0]");
        }
    }
}
