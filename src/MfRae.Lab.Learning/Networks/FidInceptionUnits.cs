namespace MfRae.Lab.Learning.Networks;

/// <summary>
/// The convolutions of FID's Inception-v3, under the names of pytorch-fid's checkpoint: 94 units of convolution without bias, batch
/// normalisation and ReLU.
/// </summary>
internal static class FidInceptionUnits
{
    public static IEnumerable<Unit> All() =>
    [
        new("Conv2d_1a_3x3", 3, 32, 3, 3, Stride: 2),
        new("Conv2d_2a_3x3", 32, 32, 3, 3, Padded: false),
        new("Conv2d_2b_3x3", 32, 64, 3, 3),
        new("Conv2d_3b_1x1", 64, 80, 1, 1),
        new("Conv2d_4a_3x3", 80, 192, 3, 3, Padded: false),
        .. A("Mixed_5b", 192, 32), .. A("Mixed_5c", 256, 64), .. A("Mixed_5d", 288, 64),
        .. B("Mixed_6a", 288),
        .. C("Mixed_6b", 128), .. C("Mixed_6c", 160), .. C("Mixed_6d", 160), .. C("Mixed_6e", 192),
        .. D("Mixed_7a", 768),
        .. E("Mixed_7b", 1280), .. E("Mixed_7c", 2048),
    ];

    private static Unit[] A(string block, long inputs, long pooled) =>
    [
        new(block + ".branch1x1", inputs, 64, 1, 1),
        new(block + ".branch5x5_1", inputs, 48, 1, 1),
        new(block + ".branch5x5_2", 48, 64, 5, 5),
        new(block + ".branch3x3dbl_1", inputs, 64, 1, 1),
        new(block + ".branch3x3dbl_2", 64, 96, 3, 3),
        new(block + ".branch3x3dbl_3", 96, 96, 3, 3),
        new(block + ".branch_pool", inputs, pooled, 1, 1),
    ];

    private static Unit[] B(string block, long inputs) =>
    [
        new(block + ".branch3x3", inputs, 384, 3, 3, Stride: 2),
        new(block + ".branch3x3dbl_1", inputs, 64, 1, 1),
        new(block + ".branch3x3dbl_2", 64, 96, 3, 3),
        new(block + ".branch3x3dbl_3", 96, 96, 3, 3, Stride: 2),
    ];

    private static Unit[] C(string block, long inner) =>
    [
        new(block + ".branch1x1", 768, 192, 1, 1),
        new(block + ".branch7x7_1", 768, inner, 1, 1),
        new(block + ".branch7x7_2", inner, inner, 1, 7),
        new(block + ".branch7x7_3", inner, 192, 7, 1),
        new(block + ".branch7x7dbl_1", 768, inner, 1, 1),
        new(block + ".branch7x7dbl_2", inner, inner, 7, 1),
        new(block + ".branch7x7dbl_3", inner, inner, 1, 7),
        new(block + ".branch7x7dbl_4", inner, inner, 7, 1),
        new(block + ".branch7x7dbl_5", inner, 192, 1, 7),
        new(block + ".branch_pool", 768, 192, 1, 1),
    ];

    private static Unit[] D(string block, long inputs) =>
    [
        new(block + ".branch3x3_1", inputs, 192, 1, 1),
        new(block + ".branch3x3_2", 192, 320, 3, 3, Stride: 2),
        new(block + ".branch7x7x3_1", inputs, 192, 1, 1),
        new(block + ".branch7x7x3_2", 192, 192, 1, 7),
        new(block + ".branch7x7x3_3", 192, 192, 7, 1),
        new(block + ".branch7x7x3_4", 192, 192, 3, 3, Stride: 2),
    ];

    private static Unit[] E(string block, long inputs) =>
    [
        new(block + ".branch1x1", inputs, 320, 1, 1),
        new(block + ".branch3x3_1", inputs, 384, 1, 1),
        new(block + ".branch3x3_2a", 384, 384, 1, 3),
        new(block + ".branch3x3_2b", 384, 384, 3, 1),
        new(block + ".branch3x3dbl_1", inputs, 448, 1, 1),
        new(block + ".branch3x3dbl_2", 448, 384, 3, 3),
        new(block + ".branch3x3dbl_3a", 384, 384, 1, 3),
        new(block + ".branch3x3dbl_3b", 384, 384, 3, 1),
        new(block + ".branch_pool", inputs, 192, 1, 1),
    ];

    /// <param name="Padded">Whether padding keeps the size; a unit of stride 2 is never padded.</param>
    internal sealed record Unit(string Name, long Inputs, long Outputs, long Height, long Width, long Stride = 1, bool Padded = true)
    {
        public long[] Padding => Padded && Stride == 1 ? [Height / 2, Width / 2] : [0, 0];
    }
}
