using System.Globalization;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Checks that an evaluation during training has what it needs: a decoder, a feature network, a reference, and steps.</summary>
internal sealed class WatchRules(Diagnostics mistakes, OptionView options, OptionView evaluation)
{
    private const string Watch = "meanflow.watch";

    public void Check()
    {
        if (!options.Has(Watch) || !options.IsWritten(Watch))
        {
            return;
        }

        string? missing = options.Kind("dataset") == "oracle" ? "images, and the dataset is an oracle"
            : options.Kind("decoder") == "none" ? "a decoder"
            : options.IsWritten("study") ? "samples, and the arm has a study"
            : evaluation.Kind("features") == "none" ? "a feature network, and `evaluation.features` is none"
            : evaluation.Find("references").Node is LocatedArray { Items.Count: 0 } ? "a reference, and `evaluation.references` is empty"
            : null;
        if (missing is not null)
        {
            mistakes.Add(options.At(Watch), $"an evaluation during training needs {missing}", "set `watch` to null");
        }

        if (options.Number("meanflow.watch.every") is { } every && options.Number("meanflow.training.steps") is { } steps && every > steps)
        {
            mistakes.Add(
                options.MostLikelySource("meanflow.watch.every", "meanflow.training.steps"),
                string.Create(CultureInfo.InvariantCulture, $"`every` is {every}, but there are {steps} training steps: nothing is evaluated"),
                string.Create(CultureInfo.InvariantCulture, $"write at most {steps}"));
        }
    }
}
